"""What the site shows of the package, of its notebooks and of stored results, made at each build."""
