#!/usr/bin/awk -f
# SPDX-License-Identifier: Apache-2.0
# join.awk -v scripts=N: the TAP of N scripts, one behind the other, as one.
/^(not )?ok / { sub(/ok [0-9]+/, "ok " ++n) }
/^1\.\.[0-9]+$/ { ended++; next }
{ print; fflush() }
END {
	if (ended != scripts)
		print "not ok " ++n " - only " ended + 0 " of " scripts " scripts came to their end"
	print "1.." n
}
