package overhttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

// Advice is what a person can do about failures, where that depends on the
// system. Client has a default for whatever is left empty.
type Advice struct {
	// Certificate is for a certificate that is not trusted.
	Certificate string
	// Connection is for a connection that cannot be made, or broke.
	Connection string
	// Credentials is for credentials that are not accepted.
	Credentials string
	// Failure is for a system that failed, or broke off.
	Failure string
	// Invalid is for a request that the system finds wrong.
	Invalid string
	// Look is for an order whose state does not allow a change.
	Look string
	// Malformed is for an answer that cannot be understood.
	Malformed string
	// Permission is for credentials that may not do this.
	Permission string
	// Repeat is for no answer in time: the request may have been carried out.
	Repeat string
	// Wait is for too many requests.
	Wait string
}

// NoAnswer completes the error of a request that was not answered, or not sent:
// its kind, detail, advice and cause. The caller has filled in the rest.
func NoAnswer(ctx context.Context, e *downstream.Error, err error, advice Advice) *downstream.Error {
	var (
		dns     *net.DNSError
		network net.Error
		cert    *tls.CertificateVerificationError
	)
	e.Kind, e.Detail, e.Advice = downstream.Unavailable, "no connection, or it broke", advice.Connection
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		e.Kind, e.Detail, e.Advice = downstream.Timeout, "the caller gave up before the answer came", advice.Repeat
	case ctx.Err() != nil, errors.As(err, &network) && network.Timeout():
		e.Kind, e.Detail, e.Advice = downstream.Timeout, "no answer in time", advice.Repeat
	case errors.As(err, &cert), errors.As(err, new(x509.UnknownAuthorityError)):
		e.Detail, e.Advice = "the system's certificate is not trusted", advice.Certificate
	case errors.As(err, &dns):
		e.Detail, e.Advice = "the host name of the base URL was not resolved", "check the channel's base URL and the machine's name server"
	}
	e.Err = cause(ctx, err)
	return e
}

// errNotHTTP stands for an error whose text could quote what the other side
// sent.
var errNotHTTP = errors.New("the connection failed or did not speak HTTP")

// cause keeps the part of an error that callers can test for and that quotes
// nothing of an answer.
func cause(ctx context.Context, err error) error {
	var op *net.OpError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &op):
		return op
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	case errors.Is(err, io.EOF):
		return io.EOF
	default:
		return errNotHTTP
	}
}

// RetryAfter reads a Retry-After header, which is seconds or a date, bounded by
// the longest wait. What cannot be read, or lies in the past, is 0.
func RetryAfter(value string, now time.Time, longest time.Duration) time.Duration {
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		return min(max(time.Duration(seconds)*time.Second, 0), longest)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), longest)
	}
	return 0
}
