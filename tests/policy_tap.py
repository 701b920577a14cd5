# SPDX-License-Identifier: Apache-2.0
"""What the checks of policies share: TAP on stdout, and what the schema says. Needs python3-fastjsonschema."""
import json
import sys

import fastjsonschema

number = 0
failed = False


def result(ok, name, details=()):
    global number, failed
    number += 1
    failed |= not ok
    print(f"{'ok' if ok else 'not ok'} {number} - {name}")
    for line in details if not ok else ():
        print("# " + line)


def end():
    print(f"1..{number}")
    sys.exit(failed)


class Schema:
    def __init__(self, path):
        self.text = json.load(open(path))
        self.validate = fastjsonschema.compile(self.text)

    def says(self, policy):
        """Why it is no policy; "": it is one."""
        try:
            self.validate(policy)
        except fastjsonschema.JsonSchemaException as e:
            return str(e)
        return ""
