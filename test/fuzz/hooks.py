from urllib.parse import unquote

import schemathesis


@schemathesis.hook
def filter_case(context, case):
    """API Gateway cuts a path at an encoded `?`, so that another path is asked for than the one in the document."""
    return not any("?" in unquote(str(value)) for value in (case.path_parameters or {}).values())
