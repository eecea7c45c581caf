"""Answer the commands of Topaz, as RELION gives them."""
