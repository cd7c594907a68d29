"""The paper's experiments, as data and overrides of the config: setups, grids, tables, `probing/`."""
