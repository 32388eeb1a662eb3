package pipeline_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
)

// TestCommandsWithoutAWorker says that nobody answers, and fails, where a list
// alone would look as if all was told.
func TestCommandsWithoutAWorker(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true})
	p.ingress = p.main.ingress
	_, err := p.command(p.account.AccessToken, p.add()...)
	require.NoError(t, err)
	require.EqualValues(t, 1, p.count(`WorkflowType="SalesChannel"`))
	p.main.stop()

	const nobody = `channel shop: no worker answers: start one ("orderbridge serve" or "orderbridge worker")`
	out, err := p.command("", "list")
	require.EqualError(t, err, "1 of 1 channel could not be read:\n"+nobody)
	require.Regexp(t, `(?m)^shop +\? +unknown +- +- +- +-$`, out)
	for _, command := range []string{"show", "history", "audit", "check"} {
		_, err = p.command("", command, shop)
		require.EqualError(t, err, nobody, command)
	}
}
