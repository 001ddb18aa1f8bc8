"""Sections that reports share: each takes results and returns a `Section`, or blocks of one."""
