"""What stands between a connection and a route: deadlines, headers, who may ask, limits, errors, the page's files."""
