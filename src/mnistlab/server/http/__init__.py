"""HTTP apart from the routes: deadlines of connections, who may ask, limits, errors, the page's files, threads."""
