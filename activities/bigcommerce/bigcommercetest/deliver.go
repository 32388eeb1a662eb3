package bigcommercetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// deliveryAgent was measured.
const deliveryAgent = "pekko-http/1.3.0"

// Delivery is one request of the store to the destination of a hook, or the
// note that a block kept it from being made.
type Delivery struct {
	At          time.Time   // on the store's clock, when it began
	Attempt     int         // 1, then a retry each up to 12
	Blocked     bool        // not made: the domain was blocked
	Body        []byte      // as sent
	Copy        int         // 0, or the number of the duplicate
	Destination string      // the URL
	Err         error       // no answer came, and why
	EventHash   string      // also the webhook-id
	Header      http.Header // as sent
	HookID      int64
	OrderID     int64 // 0 when the event is about no order
	Scope       string
	Status      int // of the answer; 0 when none came
}

// OK reports whether the receiver took the delivery: it answered 2xx.
func (d Delivery) OK() bool { return d.Status/100 == 2 }

// failure says in a few words why the delivery was not taken.
func (d Delivery) failure() string {
	if d.Err != nil {
		return d.Err.Error()
	}
	return "answered " + strconv.Itoa(d.Status)
}

// Deliveries returns every delivery that ended, and every one that a block
// prevented, oldest end first.
func (s *Store) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.deliveries)
}

// outgoing is a delivery about to be made.
type outgoing struct {
	Delivery

	domain domainKey
}

func newDeliveryClient(o settings) *http.Client {
	transport := o.transport
	if transport == nil {
		transport = &http.Transport{
			MaxIdleConnsPerHost: o.maxInFlight,
			IdleConnTimeout:     30 * time.Second,
			TLSHandshakeTimeout: o.deliveryTimeout,
			DisableCompression:  true, // the header is set by hand and answers are not read
		}
	}
	return &http.Client{
		Transport: transport,
		Timeout:   o.deliveryTimeout,
		// BigCommerce documents that a redirect is a failure.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// prepareLocked makes the request of j out of the hook as it is now. It returns
// nil when there is nothing to send: the hook is gone or inactive, or the domain
// is blocked, in which case the webhook goes to the retry queue. Whether the
// platform's retries use the hook as it was at the event is not documented; as
// it is now is chosen.
func (s *Store) prepareLocked(j *job, now time.Time) *outgoing {
	h := s.hooks[j.hookID]
	if h == nil {
		return nil
	}
	config, account := h.inForce(now), s.accounts[h.ClientID]
	if config == nil || !config.IsActive || account == nil {
		return nil
	}
	u, err := url.Parse(config.Destination)
	if err != nil { // checked when the hook was made
		return nil
	}
	out := &outgoing{domain: domainKey{clientID: h.ClientID, host: u.Host}, Delivery: Delivery{
		At: now, Attempt: j.attempt, Copy: j.copyNo, Destination: config.Destination,
		EventHash: j.event.Hash, HookID: h.ID, OrderID: j.event.OrderID, Scope: j.event.Scope,
	}}
	h.lastActive = now
	if until, blocked := s.blockedLocked(out.domain, now); blocked {
		s.postponeLocked(j, out, until, now)
		return nil
	}
	body, err := s.webhookBody(j.event, config)
	if err != nil {
		s.logger.Error("webhook not made", slog.Any("error", err))
		return nil
	}
	out.Body = body
	out.Header, err = webhookHeader(out, config, account, now)
	if err != nil {
		s.logger.Error("webhook not signed", slog.Any("error", err))
		return nil
	}
	return out
}

// webhookHeader returns the headers that were measured, and those of the hook.
// A retry is signed with the time at which it is sent, as Standard Webhooks
// wants it; what the platform does is not documented.
func webhookHeader(out *outgoing, h *Hook, a *Account, now time.Time) (http.Header, error) {
	signer, err := standardwebhooks.NewWebhookRaw([]byte(a.ClientSecret))
	if err != nil {
		return nil, fmt.Errorf("signer of hook %d: %w", h.ID, err)
	}
	signature, err := signer.Sign(out.EventHash, now, out.Body)
	if err != nil {
		return nil, fmt.Errorf("sign a webhook of hook %d: %w", h.ID, err)
	}
	header := http.Header{}
	header.Set("Content-Type", "application/json")
	header.Set("Accept-Encoding", "gzip")
	header.Set("User-Agent", deliveryAgent)
	header.Set(standardwebhooks.HeaderWebhookID, out.EventHash)
	header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(now.Unix(), 10))
	header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	for name, value := range h.Headers {
		header.Set(name, value)
	}
	return header, nil
}

// deliver makes the request and fills in what came of it.
func (s *Store) deliver(ctx context.Context, out *outgoing) Delivery {
	done := out.Delivery
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, out.Destination, bytes.NewReader(out.Body))
	if err != nil {
		done.Err = err
		return done
	}
	req.Header = out.Header.Clone()
	res, err := s.client.Do(req)
	if err != nil {
		done.Err = withoutURL(err)
		return done
	}
	defer res.Body.Close() //nolint:errcheck // Nothing is lost with an answer's rest.
	done.Status = res.StatusCode
	// Reading a little lets the connection be used again.
	_, _ = io.CopyN(io.Discard, res.Body, 64<<10)
	return done
}

// withoutURL takes the destination out of a client's error: it stands beside it.
func withoutURL(err error) error {
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		if wrapped.Timeout() {
			return fmt.Errorf("no answer in time: %w", wrapped.Err)
		}
		return wrapped.Err
	}
	return err
}
