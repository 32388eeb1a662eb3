package activities

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/channels"
)

const (
	// knockTimeout bounds the request to the callback address. BigCommerce
	// itself gives up after about eleven seconds (measured).
	knockTimeout = 10 * time.Second
	// expiresSoon is how long before its end a certificate is worth a warning:
	// those that renew themselves do it some weeks before.
	expiresSoon = 14 * 24 * time.Hour
)

// NewKnocker returns what carries the one request of CheckCallback: it keeps no
// connection and trusts the certificates that the machine trusts.
func NewKnocker() *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: knockTimeout}).DialContext,
		TLSHandshakeTimeout:    knockTimeout,
		ResponseHeaderTimeout:  knockTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		DisableKeepAlives:      true, // the next check looks at the certificate again
	}
}

// CheckCallback looks whether the callback address leads to an ingress, seen
// from here, and whether BigCommerce would deliver to it. It sends no secret,
// follows no redirect, and wants to be refused in the ingress's own words.
func (a *Activities) CheckCallback(ctx context.Context, request CheckRequest) (CheckStep, error) {
	channel, err := a.directory.Channel(ctx, request.Channel)
	if err != nil {
		return judge(ctx, CheckStepCallback, err)
	}
	address := parsed(channel.CallbackURL)
	if address == nil {
		return step(CheckStepCallback, CheckFailed, "The callback address is not a URL.",
			"Save the channel with the public address of the ingress: `orderbridge channels set`."), nil
	}
	form := judgeAddress(address, channel)
	answer := a.knock(ctx, address)
	if err := ctx.Err(); err != nil {
		return CheckStep{}, err
	}
	if answer.Result == CheckOK {
		form.Detail = strings.TrimSpace(answer.Detail + " " + form.Detail)
		return form, nil
	}
	return worse(answer, form), nil
}

// parsed returns an absolute URL, or nil if it is none.
func parsed(address string) *url.URL {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil
	}
	return u
}

// judgeAddress says whether BigCommerce would take the address, and whether it
// can reach it at all. What is right only for a store of one's own making, such
// as the one for development, is a warning there.
func judgeAddress(address *url.URL, channel channels.Channel) CheckStep {
	bad := CheckFailed
	if channel.Store.BaseURL != "" {
		bad = CheckWarning
	}
	const advice = "Publish the ingress at an https address on port 443, and save the channel with it."
	switch host := address.Hostname(); {
	case address.Scheme != "https":
		return step(CheckStepCallback, bad, "The callback address is not https: BigCommerce delivers to nothing else.", advice)
	case address.Port() != "" && address.Port() != "443":
		return step(CheckStepCallback, bad, fmt.Sprintf("The callback address has port %s: BigCommerce delivers to port 443 alone.", address.Port()), advice)
	case private(host):
		return step(CheckStepCallback, bad, fmt.Sprintf("The callback address is on %s, which only machines of the same network reach.", host),
			"Publish the ingress under a public host name, and save the channel with that address.")
	case path.Base(address.Path) != channel.ID:
		return step(CheckStepCallback, CheckWarning, fmt.Sprintf("The callback address does not end in the id of the channel, %q: "+
			"unless something in front of the ingress changes the path, callbacks are refused.", channel.ID),
			"Save the channel with an address that ends in "+channels.CallbackPath(channel.ID)+".")
	default:
		return fine(CheckStepCallback, "")
	}
}

// private reports whether a host, as it is written, cannot be public.
func private(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && (ip.IsPrivate() || ip.IsLoopback() || ip.IsUnspecified() || ip.IsLinkLocalUnicast())
}

// knock calls the address without the secret.
func (a *Activities) knock(ctx context.Context, address *url.URL) CheckStep {
	ctx, cancel := context.WithTimeout(ctx, knockTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), strings.NewReader("{}"))
	if err != nil {
		return step(CheckStepCallback, CheckFailed, "The callback address is not a URL.", "Save the channel with the public address of the ingress.")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Orderbridge-Check")
	transport := a.knocker
	if transport == nil {
		transport = NewKnocker()
	}
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	if err != nil {
		return judgeSilence(address, err)
	}
	_ = resp.Body.Close() // The header is all that matters.
	result := judgeAnswer(address, resp)
	if result.Result == CheckOK && resp.TLS != nil && len(resp.TLS.PeerCertificates) > 0 {
		left := time.Until(resp.TLS.PeerCertificates[0].NotAfter)
		if left < expiresSoon {
			return step(CheckStepCallback, CheckWarning, fmt.Sprintf("The callback address leads to an ingress, but its certificate ends in %d days.",
				int(left/(24*time.Hour))), "Renew the certificate of "+address.Hostname()+"; see why that did not happen by itself.")
		}
	}
	return result
}

// judgeAnswer says what an answer to a callback without the secret means.
func judgeAnswer(address *url.URL, resp *http.Response) CheckStep {
	ours := resp.Header.Get(callback.MarkerHeader) == callback.MarkerValue
	at := address.Host + address.Path
	switch status := resp.StatusCode; {
	case status == http.StatusUnauthorized && ours:
		return fine(CheckStepCallback, "The callback address leads to an ingress of Orderbridge.")
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return step(CheckStepCallback, CheckFailed, fmt.Sprintf("Something in front of the ingress refuses callbacks (HTTP %d).", status),
			"Let POST requests to "+at+" through to the ingress without authentication or filters: it authenticates them itself.")
	case status >= 300 && status < 400:
		return step(CheckStepCallback, CheckFailed, fmt.Sprintf("The callback address answers with a redirect (HTTP %d), and BigCommerce follows none.", status),
			"Save the channel with the address that is redirected to, or end the redirect.")
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return step(CheckStepCallback, CheckFailed, fmt.Sprintf("%s answers, but nothing takes callbacks at the path (HTTP %d).", address.Host, status),
			"See that the address leads to the ingress, and that its path is that of the channel: /webhooks/bigcommerce/ and the id.")
	case status >= 200 && status < 300:
		return step(CheckStepCallback, CheckFailed, fmt.Sprintf("Something that is not Orderbridge takes callbacks at the address, also without the secret (HTTP %d): "+
			"what it takes is lost.", status), "See that the address leads to the ingress.")
	case status == http.StatusTooManyRequests:
		return step(CheckStepCallback, CheckFailed, "Something in front of the ingress limits the rate of callbacks (HTTP 429).",
			"Lift the limit for "+at+": BigCommerce stops to deliver to a domain that refuses more than one callback in ten.")
	case status >= http.StatusInternalServerError:
		return step(CheckStepCallback, CheckFailed, fmt.Sprintf("%s answers, but what is behind it does not (HTTP %d).", address.Host, status),
			"See that the ingress runs and that what is in front of it knows where.")
	default:
		return step(CheckStepCallback, CheckFailed, fmt.Sprintf("%s does not answer as an ingress of Orderbridge does (HTTP %d).", address.Host, status),
			"See that the address leads to the ingress.")
	}
}
