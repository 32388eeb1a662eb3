package bigcommerce

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
)

// safeCause returns the innermost part of a transport's error that is known to
// quote nothing of what the other side sent, or a description in its place:
// net/http puts the first bytes of a garbled answer into its errors, and causes
// end up in logs and workflow histories.
func safeCause(err error) error {
	var (
		operation   *net.OpError
		lookup      *net.DNSError
		errno       syscall.Errno
		certificate *tls.CertificateVerificationError
		hostname    x509.HostnameError
		authority   x509.UnknownAuthorityError
		record      tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		return fmt.Errorf("the proxy could not be used: %w", safeCause(operation.Err))
	case errors.As(err, &operation):
		return operation
	case errors.As(err, &lookup):
		return lookup
	case errors.As(err, &errno):
		return errno
	case errors.As(err, &certificate):
		return certificate
	case errors.As(err, &hostname):
		return hostname
	case errors.As(err, &authority):
		return authority
	case errors.As(err, &record):
		return errors.New("the other side does not speak TLS")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	case errors.Is(err, io.EOF):
		return io.EOF
	default:
		for inner := err; inner != nil; inner = errors.Unwrap(inner) {
			err = inner
		}
		return fmt.Errorf("not a proper HTTP answer (%T)", err)
	}
}

// decodeCause says why JSON could not be decoded, without quoting it.
func decodeCause(err error) error {
	var (
		syntax   *json.SyntaxError
		mismatch *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("the answer is not JSON (at byte %d)", syntax.Offset)
	case errors.As(err, &mismatch):
		return fmt.Errorf("the answer has another shape than expected (at byte %d)", mismatch.Offset)
	default:
		return errors.New("the answer is not JSON")
	}
}
