"""Pure functions over arrays and geometries: no I/O, no SQL, no clock, no global random state."""
