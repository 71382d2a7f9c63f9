"""The OpenAPI description of the HTTP services, one module per noun; put together by `document`.

Only `resource` is imported before somebody asks for the document.
"""
