package threepl

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/orderbridge/orderbridge/activities/downstream"
)

const (
	// DefaultBaseURL is the vendor's own address of the API.
	DefaultBaseURL = "https://secure-wms.com"
	// DefaultTimeout is how long one HTTP request may take when Config.Timeout
	// is zero.
	DefaultTimeout = 10 * time.Second
)

var guid = regexp.MustCompile(`^\{?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?$`)

// Config says which warehouse an Adapter talks to, for which of its customers.
type Config struct {
	// BaseURL is what the API's paths are appended to: https, or http to the
	// loopback, without user, query and fragment. Default DefaultBaseURL.
	BaseURL string
	// Channel is the id of the sales channel, for messages. Required.
	Channel string
	// ClientID is the first half of the credentials. It appears in no error.
	// Required.
	ClientID string
	// ClientSecret is the second half of the credentials. It appears in no
	// error. Required.
	ClientSecret string
	// CustomerID is the warehouse's number of the merchant, above 0. Orders of
	// other customers are never found and never changed. Required.
	CustomerID int64
	// FacilityID restricts the channel to the orders of one facility, by its
	// number. Default 0: all facilities.
	FacilityID int64
	// RecalculateCharges asks for the automatic charges to be computed anew
	// when an order is fulfilled. Default false: they stay as they are.
	RecalculateCharges bool
	// Timeout bounds one HTTP request, its answer's body included. A change
	// takes three requests, and one more when a token is fetched. Default
	// DefaultTimeout.
	Timeout time.Duration
	// TPL is the warehouse's GUID, for credentials that are valid for several
	// warehouses (the vendor calls them dynamic). Default none.
	TPL string
	// Transport sends the requests. Default: a transport of the Adapter's own,
	// with the proxy settings of the environment; Adapter.Close ends its idle
	// connections.
	Transport http.RoundTripper
	// UserLogin is the login that the warehouse assigned to the credentials.
	// Required.
	UserLogin string
}

// validate reports every mistake at once. Its messages repeat no values: each
// could have been pasted into the wrong field.
func (c *Config) validate() error {
	var mistakes []error
	wrong := func(is bool, what string) {
		if is {
			mistakes = append(mistakes, errors.New(what))
		}
	}
	wrong(strings.TrimSpace(c.Channel) == "", "the channel is empty")
	if err := c.validateBaseURL(); err != nil {
		mistakes = append(mistakes, err)
	}
	wrong(!isCredential(c.ClientID), "the client id is empty, or holds space or characters that are not ASCII")
	// A colon would end the client id where the server splits the two.
	wrong(strings.Contains(c.ClientID, ":"), "the client id holds a colon")
	wrong(!isCredential(c.ClientSecret), "the client secret is empty, or holds space or characters that are not ASCII")
	wrong(!isLine(c.UserLogin), "the user login is empty, padded, longer than 200 characters or spans lines")
	wrong(c.TPL != "" && !guid.MatchString(c.TPL), "the TPL is not a GUID; leave it empty unless the credentials need one")
	wrong(c.CustomerID <= 0, "the customer id is not a number above 0")
	wrong(c.FacilityID < 0, "the facility id is below 0; use 0 for all facilities")
	wrong(c.Timeout < 0, "the timeout is negative")
	return errors.Join(mistakes...)
}

func (c *Config) validateBaseURL() error {
	if c.BaseURL == "" {
		return nil
	}
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return errors.New("the base URL is not absolute, as " + DefaultBaseURL + " is")
	case u.User != nil:
		return errors.New("the base URL holds a user; credentials go into the client id and secret")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return errors.New("the base URL holds a query or a fragment")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	default:
		return errors.New("the base URL is not https")
	}
}

// misconfigured is the error of New.
func (c *Config) misconfigured(err error) error {
	return &downstream.Error{
		Kind:    downstream.Misconfigured,
		Channel: c.Channel,
		Call:    "configure the 3PL Warehouse Manager adapter",
		Detail:  strings.ReplaceAll(err.Error(), "\n", "; "),
		Advice:  "correct the channel's downstream settings",
		Err:     err,
	}
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// isCredential reports whether a text is visible ASCII: a client id, a secret,
// or a token that a header can carry.
func isCredential(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' })
}

// isLine reports whether a text is one line that is neither empty nor padded.
func isLine(text string) bool {
	return text != "" && text == strings.TrimSpace(text) && len([]rune(text)) <= 200 && !strings.ContainsAny(text, "\r\n")
}
