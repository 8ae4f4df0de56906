"""The page as a folder of plain files, which any web server can give away: nothing computes but the browser.

- `asking`: what the server answers, asked without a network
- `content`: the files of the folder
- `building`: the folder, written whole or not at all
- `offline.js`: the service worker that keeps the files in the browser
"""

from mnistlab.server.site.building import Site, build_site

__all__ = ["Site", "build_site"]
