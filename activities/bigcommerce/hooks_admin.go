package bigcommerce

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// HookStatus tells who switched a hook off.
type HookStatus string

// The statuses that BigCommerce documents.
const (
	// HookActive hooks receive callbacks.
	HookActive HookStatus = "active"
	// HookInactive hooks were switched off by somebody.
	HookInactive HookStatus = "inactive"
	// HookDeactivated hooks were switched off by BigCommerce: after the last
	// failed repetition of a callback, or after 90 days without an event.
	HookDeactivated HookStatus = "deactivated"
)

// HooksAdmin is the state of all hooks of an API account, and of their delivery.
// Printing or logging it shows neither header values nor e-mail addresses.
type HooksAdmin struct {
	// Hooks are all hooks of the API account, with their Status.
	Hooks []Hook `json:"hooks"`
	// BlockedDomains are the destinations to which nothing is delivered at
	// the moment.
	BlockedDomains []BlockedDomain `json:"blocked_domains"`
	// Emails are the addresses that BigCommerce notifies of failures. They
	// are personal data, which is why JSON leaves them out.
	Emails []string `json:"-"`
	// ReadAt is when the store answered, by the store's own clock; by ours
	// where the answer has no Date header. Of several pages it is the first.
	ReadAt time.Time `json:"read_at"`
}

// BlockedDomain is a destination that failed too often.
type BlockedDomain struct {
	// Destination is a host, or an address on it.
	Destination string `json:"destination"`
	// TimeLeft is how much longer it is blocked.
	TimeLeft time.Duration `json:"time_left"`
	// Reasons are the failures that led to it.
	Reasons []BlockReason `json:"reasons"`
}

// BlockReason is one kind of failure.
type BlockReason struct {
	// Description is BigCommerce's explanation in one line of at most 200
	// characters.
	Description string `json:"description"`
	// Count is how often it happened.
	Count int `json:"count"`
	// At is when it happened, in UTC; zero when that is not known.
	At time.Time `json:"at,omitzero"`
}

// String implements fmt.Stringer with counts alone.
func (a HooksAdmin) String() string {
	return fmt.Sprintf("%d hooks, %d blocked domains, %d e-mail addresses", len(a.Hooks), len(a.BlockedDomains), len(a.Emails))
}

// GoString implements fmt.GoStringer with counts alone.
func (a HooksAdmin) GoString() string { return a.String() }

// LogValue implements slog.LogValuer with counts alone.
func (a HooksAdmin) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int("hooks", len(a.Hooks)),
		slog.Int("blocked_domains", len(a.BlockedDomains)),
		slog.Int("emails", len(a.Emails)),
	)
}

// HooksAdmin reads all hooks with their status, what is blocked, and who is
// notified, on as many pages as there are. It fails with Malformed when the
// store announces more than 100 pages.
func (c *Client) HooksAdmin(ctx context.Context) (HooksAdmin, error) {
	call := request{
		endpoint: endpointGetHooksAdmin, name: "get state of hooks",
		method: http.MethodGet, path: "v3/hooks/admin", mayEmpty: true,
	}
	var hooks hookList
	admin := HooksAdmin{BlockedDomains: []BlockedDomain{}, Emails: []string{}}
	blocked, notified := make(map[string]bool), make(map[string]bool)
	readAt, err := eachPageAt(ctx, c, call, func(page wireHooksAdmin) bool {
		// Every page may repeat the parts that are not paged.
		for _, domain := range page.BlockedDomains {
			if destination := string(domain.Destination); !blocked[destination] {
				blocked[destination] = true
				admin.BlockedDomains = append(admin.BlockedDomains, domain.domain())
			}
		}
		for _, email := range page.Emails {
			if email != "" && !notified[string(email)] {
				notified[string(email)] = true
				admin.Emails = append(admin.Emails, string(email))
			}
		}
		return hooks.add(page.Hooks)
	})
	if err != nil {
		return HooksAdmin{}, err
	}
	admin.Hooks, admin.ReadAt = hooks.hooks(), readAt
	return admin, nil
}

// SetHookAdminEmails replaces the addresses that BigCommerce notifies when
// callbacks fail. An empty list notifies nobody.
func (c *Client) SetHookAdminEmails(ctx context.Context, emails []string) error {
	call := request{
		endpoint: endpointSetHookAdminEmail, name: "set e-mail addresses of hooks",
		method: http.MethodPut, path: "v3/hooks/admin", secrets: emails,
		body: struct {
			Emails []string `json:"emails"`
		}{Emails: append([]string{}, emails...)},
	}
	_, err := c.send(ctx, call)
	return err
}

// wireHooksAdmin is the part of the hooks' state that is decoded.
type wireHooksAdmin struct {
	Emails         []text        `json:"emails"`
	Hooks          []wireHook    `json:"hooks_list"`
	BlockedDomains []wireBlocked `json:"blocked_domains"`
}

type wireBlocked struct {
	Destination text    `json:"destination"`
	TimeLeft    integer `json:"time_left"`
	Reasons     []struct {
		Description text    `json:"failure_description"`
		Count       integer `json:"count"`
		Timestamp   date    `json:"timestamp"`
	} `json:"reasons"`
}

func (w wireBlocked) domain() BlockedDomain {
	domain := BlockedDomain{
		Destination: string(w.Destination),
		TimeLeft:    time.Duration(w.TimeLeft.count()) * time.Second,
		Reasons:     make([]BlockReason, 0, len(w.Reasons)),
	}
	for _, reason := range w.Reasons {
		domain.Reasons = append(domain.Reasons, BlockReason{
			Description: oneLine(string(reason.Description)),
			Count:       reason.Count.count(),
			At:          reason.Timestamp.Time,
		})
	}
	return domain
}
