/** Names of the file formats as people know them. */

export interface FormatName {
  readonly title: string;
  /** What it is for. */
  readonly use: string;
}

const NAMES: Readonly<Record<string, FormatName>> = {
  "relion-star": { title: "RELION: particles .star", use: "Import of coordinates, or extraction" },
  "relion-autopick": {
    title: "RELION: AutoPick job",
    use: "A folder that RELION takes as the result of its own picking",
  },
  cryosparc: { title: "CryoSPARC .cs", use: "Import Particle Stack, or with csparc2star" },
  topaz: { title: "Topaz table .txt", use: "Image, x, y and score in columns" },
  "cryolo-cbox": { title: "crYOLO .cbox", use: "crYOLO and napari-boxmanager" },
  "eman-box": { title: "EMAN .box", use: "EMAN, cisTEM, RELION and many others" },
  "eman2-json": { title: "EMAN2 info .json", use: "e2boxer and EMAN2 projects" },
  csv: { title: "CSV table", use: "Spreadsheets and scripts; everything that is known" },
  parquet: { title: "Parquet table", use: "Scripts; everything that is known, small and exact" },
  cryoppp: { title: "CryoPPP .csv", use: "The layout of the CryoPPP data set" },
  "relion5-tomo": { title: "RELION 5: particles .star", use: "Subtomograms in RELION 5" },
  "relion4-tomo": { title: "RELION 4: particles .star", use: "Subtomograms in RELION 4" },
  warp: { title: "Warp and M .star", use: "Export of subtomograms in Warp" },
  copick: { title: "copick .json", use: "copick projects" },
  "cz-ndjson": { title: "CZ portal .ndjson", use: "Annotations of the CryoET Data Portal" },
  "czii-csv": { title: "CZII challenge .csv", use: "A submission to the CZII challenge" },
  coords: { title: "Coordinates .coords", use: "Plain x, y, z in columns" },
  dynamo: { title: "Dynamo .tbl", use: "Dynamo tables" },
  "em-motl": { title: "Motive list .em", use: "TOM, PyTom, novaSTA and STOPGAP" },
  imod: { title: "IMOD .mod", use: "3dmod and PEET" },
  "cryolo-3d": { title: "crYOLO .cbox of tomograms", use: "crYOLO and napari-boxmanager" },
  "eman2-3d": { title: "EMAN2 info .json of tomograms", use: "e2spt_boxer and EMAN2 projects" },
};

/** How a format is called on the page; one that is new keeps its own name. */
export function formatName(name: string): FormatName {
  return NAMES[name] ?? { title: name, use: "" };
}
