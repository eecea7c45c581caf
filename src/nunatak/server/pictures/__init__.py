"""Pictures of images: a pyramid of tiles, slices, thumbnails, and sheets of candidates."""

from nunatak.server.pictures.pictures import Picture as Picture
from nunatak.server.pictures.pictures import Pictures as Pictures
