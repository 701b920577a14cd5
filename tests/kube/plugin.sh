#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# plugin.sh KUBECTL: what kubectl-reeve asks of kubectl, by a kubectl that writes its arguments down (fake/kubectl).
# The templates are evaluated by the real one, on pods/*.yaml. TAP on stdout.
set -u
here=$(dirname "$(readlink -f "$0")")
plugin=$here/../../deploy/kubernetes/kubectl-reeve
export REAL_KUBECTL=$1 KUBECTL=$here/fake/kubectl FAKE_DIR=$here/pods FAKE_LOG
FAKE_LOG=$(mktemp)
said=$(mktemp) number=0 failed=0
trap 'rm -f "$FAKE_LOG" "$said"' EXIT
exec_in='exec --namespace reeve reeve-1 --container node -- /opt/reeve/bin/reeve'
exec_in_2='exec --namespace reeve reeve-2 --container node -- /opt/reeve/bin/reeve'

result() {
	number=$((number + 1))
	if [ "$1" = ok ]; then
		echo "ok $number - kube: plugin: $2"
	else
		echo "not ok $number - kube: plugin: $2"
		sed 's/^/# /' "$said" "$FAKE_LOG"
		failed=1
	fi
}
run() {
	: >"$FAKE_LOG"
	"$plugin" "$@" >"$said" 2>&1
	status=$?
}
# execs WHAT LINE... -- ARG...: `kubectl reeve ARG...` succeeds and its execs are those lines.
execs() {
	local what=$1 lines=()
	shift
	while [ "$1" != -- ]; do
		lines+=("$1")
		shift
	done
	shift
	run "$@"
	if [ "$status" = 0 ] && [ "$(grep -E '(^| )exec |^stdin:' "$FAKE_LOG")" = "$(printf '%s\n' "${lines[@]}")" ]; then
		result ok "$what"
	else
		result no "$what"
	fi
}
# refuses STATUS TEXT ARG...: it fails with that status, says that, and executes nothing.
refuses() {
	local want=$1 text=$2
	shift 2
	run "$@"
	if [ "$status" = "$want" ] && grep -q "$text" "$said" && ! grep -qE '(^| )exec ' "$FAKE_LOG"; then
		result ok "refused: $*: $text"
	else
		result no "refused: $*: $text (status $status)"
	fi
}
# asked WHAT LINE: the last run asked that of kubectl.
asked() {
	if grep -qF -- "$2" "$FAKE_LOG"; then result ok "$1"; else result no "$1"; fi
}

execs "logs of a pod: its first container, on its node" "$exec_in logs aaa1" -- logs web -n shop
asked "in the pod's namespace" 'get pod --namespace shop -o '
asked "by way of the reeve pod of that node" 'spec.nodeName=worker-1'
execs "logs -c, following, as JSON; the container's runtime is cut off" "$exec_in logs -f --json bbb1" -- logs -f --json web -c log
run_in_terminal() {
	: >"$FAKE_LOG"
	script -qec "$(printf '%q ' "$plugin" "$@")" /dev/null >"$said" 2>&1 </dev/null
	grep -qx "exec --stdin --tty ${exec_in#exec } logs -f aaa1" "$FAKE_LOG"
}
if run_in_terminal logs -f web; then result ok "on a terminal, following ends there with ^C"; else result no "on a terminal, following ends there with ^C"; fi
if grep -q '^set -[a-z]*u' "$plugin"; then result no "bash 3.2: no -u"; else result ok "bash 3.2: no -u"; fi
execs "an init container" "$exec_in logs ccc1" -- logs web --container=init
execs "the life before the last restart" "$exec_in logs aaa0" -- logs -p web
execs "the container its annotation names" "$exec_in_2 logs --format audit eee1" -- logs chosen --format audit
execs "ledger" "$exec_in ledger --json aaa1" -- ledger web --json
execs "verify" "$exec_in verify bbb1" -- verify web -c log
execs "anchor" "$exec_in anchor aaa1" -- anchor web
execs "report" "$exec_in report aaa1" -- report web
execs "policy show" "$exec_in policy show bbb1" -- policy show web -c log
execs "ps on every node that has reeve" "$exec_in ps -a" "$exec_in_2 ps -a" -- ps -a
execs "ps on one" "$exec_in_2 ps" -- ps --host worker-2
execs "a node's own log" "$exec_in logs --node" -- logs --host worker-1
execs "doctor everywhere" "$exec_in doctor" "$exec_in_2 doctor" -- doctor
# shellcheck disable=SC2016 # that is the point
execs "kubectl's own options go along, quoted" "--context=my\\ \\\$\\(x\\) --as=a\\'b $exec_in logs aaa1" -- \
	logs web --context 'my $(x)' --as="a'b"
policy=$(mktemp -d)/"a \$b.json"
echo '{"x": "*"}' >"$policy"
execs "policy apply sends the file" "exec --stdin --namespace reeve reeve-1 --container node -- /opt/reeve/bin/reeve policy apply aaa1 /dev/stdin" \
	'stdin: {"x": "*"}' -- policy apply web "$policy"
rm -r "$(dirname "$policy")"
REEVE_NAMESPACE=elsewhere execs "another namespace of reeve's" "${exec_in/reeve/elsewhere} logs aaa1" -- logs web

refuses 1 'pod missing cannot be asked for' logs missing
refuses 1 'pod ; reboot cannot be asked for' logs '; reboot'
refuses 1 "has no container 'x': it has log nginx init" logs web -c x
refuses 1 'has not been restarted' logs -p web -c log
refuses 1 'on no node yet' logs pending
refuses 1 'has not started yet' logs waiting
refuses 1 'no container id' logs odd
refuses 1 'no reeve pod runs on node worker-3' logs lonely
refuses 1 'cannot be read' policy apply web /nowhere/a.json
refuses 2 'expects one pod' logs
refuses 2 'expects one pod' logs web chosen
refuses 2 'expects a value' logs web -c
refuses 2 "'--tail' is no option" logs web --tail
refuses 2 "'policy learn' is no verb" policy learn web
refuses 2 "'log' is no verb" log web
refuses 2 'takes no pod' ps web
echo "1..$number"
exit $failed
