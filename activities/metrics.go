package activities

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Metrics counts the calls to both sides. A nil *Metrics counts nothing.
type Metrics struct {
	storeCalls      *prometheus.HistogramVec
	downstreamCalls *prometheus.HistogramVec
	signatures      *prometheus.CounterVec
	audit           auditMetrics
	reconcile       reconcileMetrics
	quota           *quotaMetrics
}

// NewMetrics registers the metrics, which share the labels with others of the
// process. It fails if they are registered already.
func NewMetrics(registry prometheus.Registerer, labels Labels) (*Metrics, error) {
	buckets := []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	m := &Metrics{
		storeCalls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "orderbridge_bigcommerce_request_duration_seconds",
			Help:    "Time that calls to the BigCommerce API took, by endpoint and HTTP status code (0: no answer).",
			Buckets: buckets,
		}, []string{"endpoint", "code"}),
		downstreamCalls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "orderbridge_downstream_request_duration_seconds",
			Help:    "Time that calls to downstream systems took, by adapter, call and result (ok, or the kind of error).",
			Buckets: buckets,
		}, []string{"adapter", "call", "result"}),
		signatures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "orderbridge_callback_signatures_total",
			Help: "Signatures of callbacks that were checked, by result (valid, invalid, missing).",
		}, []string{"result"}),
		audit: newAuditMetrics(), reconcile: newReconcileMetrics(), quota: newQuotaMetrics(labels.Stores),
	}
	for _, result := range []SignatureResult{SignatureValid, SignatureInvalid, SignatureMissing} {
		m.signatures.WithLabelValues(string(result)) // there from the beginning, at zero
	}
	collectors := append([]prometheus.Collector{m.storeCalls, m.downstreamCalls, m.signatures, m.quota}, m.audit.collectors()...)
	collectors = append(collectors, m.reconcile.collectors()...)
	for _, collector := range collectors {
		if err := registry.Register(collector); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *Metrics) signature(result SignatureResult) {
	if m != nil {
		m.signatures.WithLabelValues(string(result)).Inc()
	}
}

func (m *Metrics) observeStore(call bigcommerce.Call) {
	if m == nil {
		return
	}
	m.storeCalls.WithLabelValues(call.Endpoint, strconv.Itoa(call.StatusCode)).Observe(call.Duration.Seconds())
}

func (m *Metrics) instrument(name string, adapter downstream.Adapter) downstream.Adapter {
	if m == nil {
		return adapter
	}
	return &instrumented{Adapter: adapter, name: name, calls: m.downstreamCalls}
}

// instrumented measures every call of an adapter, so that no adapter has to.
type instrumented struct {
	downstream.Adapter
	name  string
	calls *prometheus.HistogramVec
}

func (i *instrumented) observe(call string, began time.Time, err error) {
	result := "ok"
	if err != nil {
		result = "error"
		if e, ok := errors.AsType[*downstream.Error](err); ok {
			result = string(e.Kind)
		}
	}
	i.calls.WithLabelValues(i.name, call, result).Observe(time.Since(began).Seconds())
}

func (i *instrumented) Statuses(ctx context.Context) (statuses []downstream.Status, err error) {
	defer func(began time.Time) { i.observe("statuses", began, err) }(time.Now())
	return i.Adapter.Statuses(ctx)
}

func (i *instrumented) Find(ctx context.Context, number string) (order downstream.Order, err error) {
	defer func(began time.Time) { i.observe("find", began, err) }(time.Now())
	return i.Adapter.Find(ctx, number)
}

func (i *instrumented) Cancel(ctx context.Context, req downstream.CancelRequest) (change downstream.Change, err error) {
	defer func(began time.Time) { i.observe("cancel", began, err) }(time.Now())
	return i.Adapter.Cancel(ctx, req)
}

func (i *instrumented) Fulfill(ctx context.Context, req downstream.FulfillRequest) (change downstream.Change, err error) {
	defer func(began time.Time) { i.observe("fulfill", began, err) }(time.Now())
	return i.Adapter.Fulfill(ctx, req)
}

func (i *instrumented) Probe(ctx context.Context) (err error) {
	defer func(began time.Time) { i.observe("probe", began, err) }(time.Now())
	return i.Adapter.Probe(ctx)
}
