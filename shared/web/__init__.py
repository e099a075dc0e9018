"""The page and the API for people: requests in, pages and JSON out. Nothing here knows Azure Functions."""
