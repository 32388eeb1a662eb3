package activities

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"
)

// judgeSilence says why nobody answered at the callback address. It quotes
// nothing of what the other side sent.
func judgeSilence(address *url.URL, err error) CheckStep {
	var (
		lookup    *net.DNSError
		operation *net.OpError
		timeout   interface{ Timeout() bool }
	)
	host := address.Hostname()
	failed := func(detail, advice string) CheckStep { return step(CheckStepCallback, CheckFailed, detail, advice) }
	switch {
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		return step(CheckStepCallback, CheckWarning, "The proxy of this machine could not be used to look at the callback address from here.",
			"Check HTTPS_PROXY of the workers, or except "+host+" with NO_PROXY.")
	case errors.As(err, &lookup) && lookup.IsNotFound:
		return failed(fmt.Sprintf("The name %s does not exist in the DNS, as seen from here.", host),
			"Correct the callback address, or create the DNS entry.")
	case errors.As(err, &lookup):
		return failed(fmt.Sprintf("The name %s could not be looked up in the DNS.", host), "Check the name servers of this machine.")
	}
	if result, ok := judgeCertificate(host, err); ok {
		return result
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return failed(fmt.Sprintf("%s did not answer within %s, as seen from here; BigCommerce waits for about eleven seconds.", address.Host, knockTimeout),
			"See that the ingress runs, and that no firewall drops requests to it.")
	case errors.As(err, &operation) && operation.Op == "dial":
		return failed(fmt.Sprintf("Nobody takes connections at %s, as seen from here.", address.Host),
			"See that the ingress, or what is in front of it, runs and listens there.")
	default:
		return failed(address.Host+" broke off without a proper answer.",
			"See that an HTTP server is there, and that it leads to the ingress.")
	}
}

// judgeCertificate says what is wrong with the certificate of a host, if it is
// that.
func judgeCertificate(host string, err error) (CheckStep, bool) {
	var (
		record    tls.RecordHeaderError
		name      x509.HostnameError
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		other     *tls.CertificateVerificationError
		alert     tls.AlertError
	)
	failed := func(detail, advice string) (CheckStep, bool) {
		return step(CheckStepCallback, CheckFailed, detail+" BigCommerce does not deliver to it.", advice), true
	}
	switch {
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return failed(host+" answers, but does not speak TLS.", "Serve https there.")
	case errors.As(err, &alert):
		return failed(host+" and this machine find no TLS that both speak.", "Serve TLS 1.2 or newer, without client certificates.")
	case errors.As(err, &name):
		return failed(fmt.Sprintf("The certificate of %s is for another name.", host), "Serve a certificate that is for "+host+".")
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return failed(fmt.Sprintf("The certificate of %s is valid from %s to %s alone.", host,
			invalid.Cert.NotBefore.UTC().Format(time.DateOnly), invalid.Cert.NotAfter.UTC().Format(time.DateOnly)), "Renew it.")
	case errors.As(err, &authority) && issuedByItself(err):
		return failed(fmt.Sprintf("The certificate of %s is self-signed.", host), "Serve one of a public certificate authority.")
	case errors.As(err, &authority):
		return failed(fmt.Sprintf("The certificate of %s is of an authority that this machine does not know, or an intermediate certificate is missing.", host),
			"Serve the full chain, with every intermediate certificate, of a public authority.")
	case errors.As(err, &other):
		return failed(fmt.Sprintf("The certificate of %s is not valid.", host), "Serve one of a public certificate authority, for server authentication.")
	default:
		return CheckStep{}, false
	}
}

// issuedByItself reports whether the certificate that was refused names itself
// as its issuer.
func issuedByItself(err error) bool {
	var refused *tls.CertificateVerificationError
	if !errors.As(err, &refused) || len(refused.UnverifiedCertificates) == 0 {
		return false
	}
	leaf := refused.UnverifiedCertificates[0]
	return leaf.Issuer.String() == leaf.Subject.String()
}
