package pipeline_test

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/bigcommerce/bigcommercetest"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/process"
	"github.com/orderbridge/orderbridge/worker/devserver/devservertest"
	"github.com/orderbridge/orderbridge/workflows"
)

// link is a TCP connection to Temporal that can be cut.
type link struct {
	target string
	mu     sync.Mutex
	up     bool
	conns  map[net.Conn]bool
}

// newLink listens on a port of its own until the test ends.
func newLink(t *testing.T, target string) (*link, string) {
	t.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &link{target: target, up: true, conns: map[net.Conn]bool{}}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() { l.carry(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		l.set(false)
		serving.Wait()
	})
	return l, listener.Addr().String()
}

func (l *link) carry(near net.Conn) {
	defer func() { _ = near.Close() }()
	far, err := net.DialTimeout("tcp", l.target, time.Second)
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	l.mu.Lock()
	up := l.up
	l.conns[near], l.conns[far] = true, true
	l.mu.Unlock()
	if !up {
		return
	}
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_, _ = near.Close(), far.Close()
		})
	}
	both.Wait()
}

// set cuts the link, or mends it.
func (l *link) set(up bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.up = up
	if !up {
		for conn := range l.conns {
			_ = conn.Close()
		}
		l.conns = map[net.Conn]bool{}
	}
}

// TestTemporalAway shows that webhooks that come while Temporal is away are
// answered 503, that BigCommerce brings them again, and that none is lost.
func TestTemporalAway(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t, bigcommercetest.WithFrozenClock())
	toTemporal, address := newLink(t, p.address)
	p.main = p.start(process.Roles{Ingress: true, Worker: true}, "TEMPORAL_ADDRESS="+address, "ORDERBRIDGE_START_TIMEOUT=300ms")
	p.ingress = p.main.ingress
	p.save(p.channel())
	require.Eventually(t, p.ready, patience, 10*time.Millisecond)

	toTemporal.set(false)
	const first, n = int64(500), int64(10)
	for id := first; id < first+n; id++ {
		p.order(id, "Awaiting Shipment")
		require.NoError(t, p.store.SetStatus(id, bigcommerce.StatusCancelled))
	}
	require.NoError(t, p.store.WaitIdle(p.ctx))
	for _, d := range p.store.Deliveries() {
		require.Equal(t, http.StatusServiceUnavailable, d.Status)
	}
	require.False(t, p.ready())
	require.Empty(t, p.demo.Effects())

	toTemporal.set(true)
	require.Eventually(t, p.ready, patience, 10*time.Millisecond)
	require.NoError(t, p.store.Elapse(p.ctx, time.Minute)) // BigCommerce's first retry
	for id := first; id < first+n; id++ {
		require.Equal(t, workflows.OutcomeCancelled, p.result(p.runOf(id)).Outcome)
		require.Equal(t, cancelled, p.actions(id))
	}
}

// ready asks the ingress whether it is ready.
func (p *pipeline) ready() bool {
	request, err := http.NewRequestWithContext(p.ctx, http.MethodGet, "http://"+p.ingress+"/readyz", http.NoBody)
	require.NoError(p.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	require.NoError(p.t, response.Body.Close())
	return response.StatusCode == http.StatusOK
}

// TestIngressAndWorkerApart runs them as two processes each.
func TestIngressAndWorkerApart(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.main = p.start(process.Roles{Ingress: true})
	p.ingress = p.main.ingress
	p.start(process.Roles{Worker: true})
	p.start(process.Roles{Worker: true})
	p.save(p.channel())
	for id := int64(600); id < 610; id++ {
		p.order(id, "Awaiting Shipment")
		require.NoError(t, p.store.SetStatus(id, bigcommerce.StatusCancelled))
	}
	for id := int64(600); id < 610; id++ {
		require.Equal(t, workflows.OutcomeCancelled, p.result(p.runOf(id)).Outcome)
		require.Equal(t, cancelled, p.actions(id))
		require.False(t, p.startedEagerly(p.runOf(id)), "there is no worker in the process of the ingress")
	}
}

// TestTemporalComesLater starts a process before there is a Temporal.
func TestTemporalComesLater(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	toTemporal, address := newLink(t, p.address)
	toTemporal.set(false)
	p.main = p.start(process.Roles{Ingress: true, Worker: true}, "TEMPORAL_ADDRESS="+address)
	p.ingress = p.main.ingress
	require.False(t, p.ready())
	toTemporal.set(true)
	require.Eventually(t, p.ready, patience, 10*time.Millisecond)
	p.save(p.channel())
	p.order(700, "Awaiting Shipment")
	require.NoError(t, p.store.SetStatus(700, bigcommerce.StatusCancelled))
	require.Equal(t, workflows.OutcomeCancelled, p.result(p.runOf(700)).Outcome)
}

// TestNamespaceWithoutSearchAttributes shows that a process on a namespace that
// was not prepared says what is missing, and takes no webhook that it could
// not start.
func TestNamespaceWithoutSearchAttributes(t *testing.T) {
	t.Parallel()
	p := newBarePipeline(t)
	p.namespace = devservertest.Start(t, nil).CreateNamespace(t)
	p.main = p.start(process.Roles{Ingress: true})
	p.ingress = p.main.ingress
	require.False(t, p.ready())
	require.Contains(t, p.log.String(), "the namespace lacks the search attributes OrderbridgeChannel, OrderbridgeHealth, OrderbridgeModified, OrderbridgeOrder, OrderbridgeOutcome")
	require.Equal(t, http.StatusServiceUnavailable, p.post(
		`{"producer":"stores/x","hash":"abcdefgh1","scope":"store/order/updated","data":{"type":"order","id":1}}`))
}
