package activities_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/callback"
)

const publicHost = "hooks.example.com"

// internet leads every name to one server, as the DNS would.
func internet(server *httptest.Server, trusted ...*x509.Certificate) *http.Transport {
	transport := activities.NewKnocker()
	transport.Proxy = nil
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, server.Listener.Addr().String())
	}
	roots := x509.NewCertPool()
	for _, certificate := range trusted {
		roots.AddCert(certificate)
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return transport
}

// authority issues certificates.
type authority struct {
	t           *testing.T
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(10000 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	certificate, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	return &authority{t: t, certificate: certificate, key: key}
}

// issue issues a certificate; one that issues its own names itself as issuer.
func (a *authority) issue(name string, until time.Time, own bool) tls.Certificate {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(a.t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	issuer, signer := a.certificate, a.key
	if own {
		issuer, signer = template, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, issuer, key.Public(), signer)
	require.NoError(a.t, err)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

// serve serves https with a certificate.
func serve(t *testing.T, certificate tls.Certificate, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.StartTLS()
	t.Cleanup(server.Close)
	return server
}

// asIngress answers as an ingress answers a callback without the secret.
func asIngress(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(callback.Header) == "" && r.Method == http.MethodPost {
		w.Header().Set("Orderbridge", "ingress")
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// public makes the channel one of BigCommerce's own stores with this address.
func (c *checker) public(address string) {
	c.t.Helper()
	channel := c.channel(mainChannel)
	channel.Store.BaseURL, channel.CallbackURL = "", address
	c.directory.put(channel)
}

func TestCheckCallbackAnswers(t *testing.T) {
	t.Parallel()
	authority := newAuthority(t)
	good := authority.issue(publicHost, time.Now().Add(90*24*time.Hour), false)
	for name, tc := range map[string]struct {
		handler http.HandlerFunc
		want    activities.CheckResult
		says    string
	}{
		"ingress":     {asIngress, activities.CheckOK, "leads to an ingress"},
		"another 401": {status(http.StatusUnauthorized), activities.CheckFailed, "in front of the ingress refuses"},
		"forbidden":   {status(http.StatusForbidden), activities.CheckFailed, "HTTP 403"},
		"redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusMovedPermanently)
		}, activities.CheckFailed, "redirect (HTTP 301)"},
		"wrong path":          {status(http.StatusNotFound), activities.CheckFailed, "nothing takes callbacks"},
		"wrong method":        {status(http.StatusMethodNotAllowed), activities.CheckFailed, "nothing takes callbacks"},
		"takes anything":      {status(http.StatusOK), activities.CheckFailed, "is lost"},
		"limits":              {status(http.StatusTooManyRequests), activities.CheckFailed, "limits the rate"},
		"ingress away":        {status(http.StatusBadGateway), activities.CheckFailed, "what is behind it does not (HTTP 502)"},
		"something else":      {status(http.StatusTeapot), activities.CheckFailed, "HTTP 418"},
		"not a proper answer": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, activities.CheckFailed, "broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := setupCheck(t)
			requests := make(chan *http.Request, 10)
			server := serve(t, good, func(w http.ResponseWriter, r *http.Request) {
				requests <- r
				tc.handler(w, r)
			})
			c.use(internet(server, authority.certificate))
			c.public("https://" + publicHost + "/webhooks/bigcommerce/" + mainChannel)
			result := c.step(c.activities.CheckCallback)
			require.Equal(t, tc.want, result.Result, result.Detail)
			require.Contains(t, result.Detail, tc.says)
			require.Len(t, requests, 1, "no redirect is followed, and nothing is repeated")
			seen := <-requests
			require.Equal(t, "/webhooks/bigcommerce/main", seen.URL.Path)
			require.Empty(t, seen.Header.Get(callback.Header))
		})
	}
}

func TestCheckCallbackCertificates(t *testing.T) {
	t.Parallel()
	authority := newAuthority(t)
	month := time.Now().Add(30 * 24 * time.Hour)
	for name, tc := range map[string]struct {
		certificate tls.Certificate
		trusts      bool
		want        activities.CheckResult
		says        string
	}{
		"good":              {authority.issue(publicHost, month, false), true, activities.CheckOK, "leads to an ingress"},
		"ends soon":         {authority.issue(publicHost, time.Now().Add(5*24*time.Hour+time.Hour), false), true, activities.CheckWarning, "ends in 5 days"},
		"ended":             {authority.issue(publicHost, time.Now().Add(-time.Hour), false), true, activities.CheckFailed, "is valid from"},
		"another name":      {authority.issue("www.example.com", month, false), true, activities.CheckFailed, "for another name"},
		"unknown authority": {authority.issue(publicHost, month, false), false, activities.CheckFailed, "intermediate certificate is missing"},
		"self-signed":       {authority.issue(publicHost, month, true), true, activities.CheckFailed, "self-signed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := setupCheck(t)
			server := serve(t, tc.certificate, asIngress)
			if tc.trusts {
				c.use(internet(server, authority.certificate))
			} else {
				c.use(internet(server))
			}
			c.public("https://" + publicHost + "/webhooks/bigcommerce/" + mainChannel)
			result := c.step(c.activities.CheckCallback)
			require.Equal(t, tc.want, result.Result, result.Detail)
			require.Contains(t, result.Detail, tc.says)
		})
	}
}

func TestCheckCallbackSilence(t *testing.T) {
	t.Parallel()
	address := "https://" + publicHost + "/webhooks/bigcommerce/" + mainChannel

	t.Run("plain http", func(t *testing.T) {
		t.Parallel()
		c := setupCheck(t)
		server := httptest.NewServer(http.HandlerFunc(asIngress))
		t.Cleanup(server.Close)
		c.use(internet(server))
		c.public(address)
		result := c.step(c.activities.CheckCallback)
		require.Equal(t, activities.CheckFailed, result.Result)
		require.Contains(t, result.Detail, "does not speak TLS")
	})

	t.Run("nobody there", func(t *testing.T) {
		t.Parallel()
		c := setupCheck(t)
		server := httptest.NewServer(http.HandlerFunc(asIngress))
		server.Close()
		c.use(internet(server))
		c.public(address)
		require.Contains(t, c.step(c.activities.CheckCallback).Detail, "Nobody takes connections")
	})

	for name, tc := range map[string]struct {
		err  error
		want activities.CheckResult
		says string
	}{
		"no such name":     {&net.DNSError{Err: "no such host", Name: publicHost, IsNotFound: true}, activities.CheckFailed, "does not exist in the DNS"},
		"no name server":   {&net.DNSError{Err: "server misbehaving", Name: publicHost, IsTemporary: true}, activities.CheckFailed, "could not be looked up"},
		"too slow":         {context.DeadlineExceeded, activities.CheckFailed, "did not answer within 10s"},
		"proxy":            {&net.OpError{Op: "proxyconnect", Err: io.EOF}, activities.CheckWarning, "proxy"},
		"no common TLS":    {tls.AlertError(40), activities.CheckFailed, "no TLS that both speak"},
		"not for servers":  {&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.IncompatibleUsage}}, activities.CheckFailed, "is not valid"},
		"something quoted": {quotingError{}, activities.CheckFailed, "broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := setupCheck(t)
			c.use(failing{tc.err})
			c.public(address)
			result := c.step(c.activities.CheckCallback)
			require.Equal(t, tc.want, result.Result, result.Detail)
			require.Contains(t, result.Detail, tc.says)
			require.NotContains(t, result.Detail, "garbled")
		})
	}
}

// failing fails every request.
type failing struct{ err error }

func (f failing) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

type quotingError struct{}

func (quotingError) Error() string { return `malformed HTTP response "garbled"` }

func TestCheckCallbackAddresses(t *testing.T) {
	t.Parallel()
	authority := newAuthority(t)
	server := serve(t, authority.issue(publicHost, time.Now().Add(90*24*time.Hour), false), asIngress)
	plain := httptest.NewServer(http.HandlerFunc(asIngress))
	t.Cleanup(plain.Close)
	for name, tc := range map[string]struct {
		address string
		own     activities.CheckResult // of a store of BigCommerce's
		dev     activities.CheckResult // of one of our own
		says    string
	}{
		"right":          {"https://hooks.example.com/webhooks/bigcommerce/main", activities.CheckOK, activities.CheckOK, "leads to an ingress"},
		"the usual port": {"https://hooks.example.com:443/webhooks/bigcommerce/main", activities.CheckOK, activities.CheckOK, "leads to an ingress"},
		"http":           {"http://hooks.example.com/webhooks/bigcommerce/main", activities.CheckFailed, activities.CheckWarning, "not https"},
		"another port":   {"https://hooks.example.com:8443/webhooks/bigcommerce/main", activities.CheckFailed, activities.CheckWarning, "port 8443"},
		"another id":     {"https://hooks.example.com/webhooks/bigcommerce/other", activities.CheckWarning, activities.CheckWarning, `"main"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for base, want := range map[string]activities.CheckResult{"": tc.own, "http://127.0.0.1:9": tc.dev} {
				c := setupCheck(t)
				if name == "http" {
					c.use(internet(plain))
				} else {
					c.use(internet(server, authority.certificate))
				}
				channel := c.channel(mainChannel)
				channel.Store.BaseURL, channel.CallbackURL = base, tc.address
				c.directory.put(channel)
				result := c.step(c.activities.CheckCallback)
				require.Equal(t, want, result.Result, result.Detail)
				require.Contains(t, result.Detail, "leads to an ingress")
				require.Contains(t, result.Detail, tc.says)
			}
		})
	}

	for _, address := range []string{"https://localhost/main", "https://10.1.2.3/main", "https://[::1]/main", "https://bridge.internal/main"} {
		t.Run(address, func(t *testing.T) {
			t.Parallel()
			c := setupCheck(t)
			c.use(failing{context.DeadlineExceeded})
			c.public(address)
			result := c.step(c.activities.CheckCallback)
			require.Equal(t, activities.CheckFailed, result.Result)
			require.Contains(t, result.Detail, "did not answer")
			require.Contains(t, result.Detail, "machines of the same network")
		})
	}

	t.Run("the store for development", func(t *testing.T) {
		t.Parallel()
		c := setupCheck(t)
		channel := c.channel(mainChannel)
		channel.CallbackURL = plain.URL + "/webhooks/bigcommerce/main"
		c.directory.put(channel)
		result := c.step(c.activities.CheckCallback)
		require.Equal(t, activities.CheckWarning, result.Result, result.Detail)
		require.Contains(t, result.Detail, "leads to an ingress")
	})
}
