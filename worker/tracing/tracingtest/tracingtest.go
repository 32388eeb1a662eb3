// Package tracingtest has a collector of traces for tests: it takes OTLP over
// gRPC and over HTTP, as a real one does, and keeps what it gets.
package tracingtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/hex"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // senders may compress
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Span is one span that was received.
type Span struct {
	// ID, Trace and Parent are hexadecimal; Parent is "" for the root.
	ID, Trace, Parent string
	// Name and Kind are the span's.
	Name string
	Kind otlp.Span_SpanKind
	// Failed is whether its status is an error.
	Failed bool
	// Links are the ids of the spans that it links.
	Links []string
	// Attributes are the span's, Resource those of its process, as text.
	Attributes, Resource map[string]string
}

// Collector receives spans until the test ends.
type Collector struct {
	// GRPC and HTTP are the values of OTEL_EXPORTER_OTLP_ENDPOINT for the two
	// protocols.
	GRPC, HTTP string

	collector.UnimplementedTraceServiceServer

	mu      sync.Mutex
	news    chan struct{} // closed at each arrival
	headers map[string][]string
	spans   []Span
	raw     strings.Builder
	hold    chan struct{}
	held    chan struct{}
}

// New starts a collector.
func New(tb testing.TB) *Collector {
	tb.Helper()
	c := &Collector{headers: map[string][]string{}, news: make(chan struct{})}
	c.serveGRPC(tb)
	server := httptest.NewServer(c)
	tb.Cleanup(server.Close)
	c.HTTP = server.URL
	return c
}

// NewHanging starts a collector that takes requests and answers none of them
// until the test ends. Held is closed when the first one has come.
func NewHanging(tb testing.TB) (hanging *Collector, held <-chan struct{}) {
	tb.Helper()
	c := &Collector{headers: map[string][]string{}, news: make(chan struct{}), hold: make(chan struct{}), held: make(chan struct{})}
	c.serveGRPC(tb)
	server := httptest.NewServer(c)
	tb.Cleanup(func() {
		close(c.hold)
		server.Close()
	})
	c.HTTP = server.URL
	return c, c.held
}

func (c *Collector) serveGRPC(tb testing.TB) {
	tb.Helper()
	var config net.ListenConfig
	listener, err := config.Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("listen for spans: %v", err)
	}
	server := grpc.NewServer()
	collector.RegisterTraceServiceServer(server, c)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	tb.Cleanup(func() {
		server.Stop()
		if err := <-ended; err != nil {
			tb.Errorf("serve the collector of spans: %v", err)
		}
	})
	c.GRPC = "http://" + listener.Addr().String()
}

// Export implements the service of OTLP.
func (c *Collector) Export(ctx context.Context, request *collector.ExportTraceServiceRequest) (*collector.ExportTraceServiceResponse, error) {
	headers, _ := metadata.FromIncomingContext(ctx)
	c.take(request, headers)
	return &collector.ExportTraceServiceResponse{}, nil
}

// ServeHTTP takes what is sent over HTTP, for servers of a test's own.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := read(r)
	request := &collector.ExportTraceServiceRequest{}
	if err == nil {
		err = proto.Unmarshal(body, request)
	}
	if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	headers := map[string][]string{}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = values
	}
	c.take(request, headers)
	w.Header().Set("Content-Type", "application/x-protobuf")
	w.WriteHeader(http.StatusOK)
}

func read(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Header.Get("Content-Encoding") != "gzip" {
		return body, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unpacked)
}

func (c *Collector) take(request *collector.ExportTraceServiceRequest, headers map[string][]string) {
	if c.hold != nil {
		c.mu.Lock()
		select {
		case <-c.held:
		default:
			close(c.held)
		}
		c.mu.Unlock()
		<-c.hold
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.Copy(c.headers, headers)
	c.raw.WriteString(protojson.Format(request))
	for _, resource := range request.GetResourceSpans() {
		attributes := textOf(resource.GetResource().GetAttributes())
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.spans = append(c.spans, spanOf(span, attributes))
			}
		}
	}
	close(c.news)
	c.news = make(chan struct{})
}

func spanOf(span *otlp.Span, resource map[string]string) Span {
	links := make([]string, 0, len(span.GetLinks()))
	for _, link := range span.GetLinks() {
		links = append(links, hex.EncodeToString(link.GetSpanId()))
	}
	return Span{
		ID: hex.EncodeToString(span.GetSpanId()), Trace: hex.EncodeToString(span.GetTraceId()),
		Parent: hex.EncodeToString(span.GetParentSpanId()), Name: span.GetName(), Kind: span.GetKind(),
		Failed: span.GetStatus().GetCode() == otlp.Status_STATUS_CODE_ERROR, Links: links,
		Attributes: textOf(span.GetAttributes()), Resource: resource,
	}
}

// Header returns the values of a header that came with spans, by its name in
// lower case.
func (c *Collector) Header(name string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.headers[name])
}

// Spans returns all spans so far.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans)
}

// Raw returns everything that was received, as JSON.
func (c *Collector) Raw() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raw.String()
}

// Await waits until enough is satisfied with the spans so far, and returns them.
// It fails the test when ctx ends before.
func (c *Collector) Await(ctx context.Context, tb testing.TB, enough func([]Span) bool) []Span {
	tb.Helper()
	for {
		c.mu.Lock()
		spans, news := slices.Clone(c.spans), c.news
		c.mu.Unlock()
		if enough(spans) {
			return spans
		}
		select {
		case <-news:
		case <-ctx.Done():
			tb.Fatalf("these spans are not enough: %v", Names(spans))
		}
	}
}

// Names returns the names of spans.
func Names(spans []Span) []string {
	names := make([]string, 0, len(spans))
	for _, span := range spans {
		names = append(names, span.Name)
	}
	return names
}
