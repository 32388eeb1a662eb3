package pipeline_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/workflows"
)

// TestBurst sends more webhooks at once than there are slots, with settings
// that are read anew each time: reading them must not wait for a slot that
// another webhook holds while it waits for the same. If it did, the first
// attempt would time out and go on as a regular activity.
func TestBurst(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true, Worker: true},
		"ORDERBRIDGE_WORKER_MAX_WORKFLOW_TASKS=2", "ORDERBRIDGE_CHANNEL_CACHE_TTL=1ns")
	p.ingress = p.main.ingress
	p.save(p.channel())
	const n = 30
	ids := make([]string, n)
	var group sync.WaitGroup
	for i := range n {
		order := int64(900 + i)
		p.order(order, "Awaiting Shipment")
		hash := fmt.Sprintf("burst-%08d", i)
		ids[i] = workflows.Webhook{Channel: channelID, Scope: bigcommerce.ScopeOrderUpdated, OrderID: order, Hash: hash}.ID()
		body := fmt.Sprintf(`{"producer":"stores/%s","hash":%q,"scope":%q,"data":{"type":"order","id":%d}}`,
			p.store.Hash, hash, bigcommerce.ScopeOrderUpdated, order)
		group.Go(func() {
			if status := p.post(body); status != http.StatusOK {
				t.Errorf("webhook %d was answered %d", i, status)
			}
		})
	}
	group.Wait()
	for _, id := range ids {
		require.Equal(t, workflows.ReasonStatusNotMapped, p.result(id).Reason)
		for _, event := range p.history(id).GetEvents() {
			require.Nil(t, event.GetActivityTaskScheduledEventAttributes(), "every step was done at the first attempt")
		}
	}
}
