package pipeline_test

import (
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
)

// count returns how many runs visibility finds. Visibility is written a moment
// after a run starts, so it waits until there is one.
func (p *pipeline) count(query string) int64 {
	p.t.Helper()
	var n int64
	require.Eventually(p.t, func() bool {
		response, err := p.client.CountWorkflow(p.ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
		require.NoError(p.t, err)
		n = response.GetCount()
		return n > 0
	}, patience, 10*time.Millisecond, "no run is found by %s", query)
	return n
}
