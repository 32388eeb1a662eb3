package workflows

import (
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"strconv"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

// Webhook is the input of OrderWebhook: one callback, reduced to what is
// needed. It holds no personal data.
type Webhook struct {
	// Channel is the id of the sales channel.
	Channel string `json:"channel"`
	// Scope is the callback's scope, for example
	// "store/order/statusUpdated"; empty if it had none.
	Scope string `json:"scope"`
	// Hash is BigCommerce's own identifier of the event, or the SHA-256 of
	// the body where there is none.
	Hash string `json:"hash"`
	// StoreHash is the store that the callback says it is from.
	StoreHash string `json:"store_hash,omitempty"`
	// OrderID is the BigCommerce order id; 0 in a rejected callback.
	OrderID int64 `json:"order_id,omitempty"`
	// EventAt is when the event happened, by the store's clock.
	EventAt time.Time `json:"event_at,omitzero"`
	// ReceivedAt is when the callback arrived.
	ReceivedAt time.Time `json:"received_at"`
	// SecretVersion is the version of the callback secret that it carried.
	SecretVersion int `json:"secret_version,omitempty"`
	// Rejection is set for a callback that is authentic but cannot be used.
	Rejection *Rejection `json:"rejection,omitempty"`
	// Signed is the callback as it was signed, if it was.
	Signed *activities.SignedCallback `json:"signed,omitempty"`
	// Found is true for a change that reconciliation found in the store. Hash
	// is then activities.FoundOrder.Key.
	Found bool `json:"found,omitempty"`
	// Again is true for one of which a run has completed without having looked
	// at the order.
	Again bool `json:"again,omitempty"`
}

// Rejection says why a callback cannot be used.
type Rejection struct {
	// Reason is one of the reasons of OutcomeRejected.
	Reason Reason `json:"reason"`
	// Detail says more, without quoting the body.
	Detail string `json:"detail"`
	// Size is the size of the body in bytes.
	Size int `json:"size"`
}

// usableHash is what may stand in a workflow id as it is. BigCommerce's own
// hashes are 40 hexadecimal digits (measured) but documented only as opaque.
var usableHash = regexp.MustCompile(`^[A-Za-z0-9_-]{8,128}$`)

// HashOf returns the identifier of a callback: its own hash, or the SHA-256 of
// the body where there is none that can be used.
func HashOf(hash string, body []byte) string {
	if usableHash.MatchString(hash) {
		return hash
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// maxIDLen keeps a workflow id within what Temporal's SQL stores have room for,
// which is 255 bytes.
const maxIDLen = 240

// ID returns the workflow id of a webhook. It is the same for every delivery
// of one event: that is the durable deduplication. It names the order, because
// people read it, and because nobody knows whether BigCommerce's hashes of two
// orders can be equal.
func (w Webhook) ID() string {
	what := w.Scope + "/" + strconv.FormatInt(w.OrderID, 10)
	switch {
	case w.Rejection != nil:
		what = "rejected"
	case w.Found:
		what = "reconciled/" + strconv.FormatInt(w.OrderID, 10)
	}
	id := "webhook/" + w.Channel + "/" + what + "/" + w.Hash
	if len(id) <= maxIDLen {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "webhook/" + w.Channel + "/" + hex.EncodeToString(sum[:])
}

// Summary returns the line that the Temporal Web UI shows for the run.
func (w Webhook) Summary() string {
	if w.Rejection != nil {
		return "rejected: " + string(w.Rejection.Reason)
	}
	summary := "order " + strconv.FormatInt(w.OrderID, 10) + " of " + w.Channel
	if w.Found {
		summary += ", found without a webhook"
	}
	return summary
}

// SearchAttributes returns the attributes that are known at the start.
func (w Webhook) SearchAttributes() temporal.SearchAttributes {
	updates := []temporal.SearchAttributeUpdate{AttributeChannel.ValueSet(w.Channel)}
	if w.Scope != "" {
		updates = append(updates, AttributeScope.ValueSet(w.Scope))
	}
	if w.OrderID != 0 {
		updates = append(updates, AttributeOrder.ValueSet(strconv.FormatInt(w.OrderID, 10)))
	}
	return temporal.NewSearchAttributes(updates...)
}

// Priorities of order workflows: 1 is the highest, 5 the lowest, 3 Temporal's
// default.
const (
	priorityLive  = 3
	priorityFound = activities.LowPriority
)

// StartOptions returns the options with which the webhook's workflow is
// started. The id of a callback is never used twice, so a duplicate starts
// nothing as long as the namespace keeps closed runs. That of a found change is
// used again when its run did not see to the change, because nothing else would:
// when it failed or was broken off, and with Again also when it completed. While
// one of its runs is open, none of them starts another.
func (w Webhook) StartOptions() client.StartWorkflowOptions {
	priority := temporal.Priority{FairnessKey: w.Channel, PriorityKey: priorityLive}
	reuse := enums.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE
	if w.Found {
		priority.PriorityKey = priorityFound
		reuse = enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE_FAILED_ONLY
		if w.Again {
			reuse = enums.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE
		}
	}
	return client.StartWorkflowOptions{
		ID:                    w.ID(),
		TaskQueue:             TaskQueue,
		WorkflowIDReusePolicy: reuse,
		// Its default hides duplicates.
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		TypedSearchAttributes:                    w.SearchAttributes(),
		StaticSummary:                            w.Summary(),
		Priority:                                 priority,
	}
}

// FoundScope is the scope of webhooks that reconciliation stands in for.
const FoundScope = bigcommerce.ScopeOrderStatusUpdated

// FoundWebhook returns what stands in for the webhook of a change that
// reconciliation found. Its id is found.WorkflowID().
func FoundWebhook(found activities.FoundOrder, at time.Time) Webhook {
	return Webhook{
		Channel: found.Channel, Scope: FoundScope, Hash: found.Key(), StoreHash: found.StoreHash, OrderID: found.OrderID,
		EventAt: found.ModifiedAt, ReceivedAt: at.UTC(), Found: true, Again: found.Again,
	}
}

// Result is the result of OrderWebhook.
type Result struct {
	// Outcome and Reason are what became of the webhook, and why.
	Outcome Outcome `json:"outcome"`
	Reason  Reason  `json:"reason"`
	// Explanation says it in a sentence.
	Explanation string `json:"explanation"`
	// StoreStatus is the order's status in BigCommerce when it was last read.
	StoreStatus string `json:"store_status,omitempty"`
	// DownstreamStatus is its status downstream when it was last read.
	DownstreamStatus string `json:"downstream_status,omitempty"`
	// Shipments counts the shipments that were passed on.
	Shipments int `json:"shipments,omitempty"`
	// Signature is what a check of the callback's signature showed, if there
	// was one: valid, invalid or missing.
	Signature string `json:"signature,omitempty"`
	// Rounds counts how often both sides were looked at.
	Rounds int `json:"rounds,omitempty"`
	// Revision tells which settings of the channel ruled.
	Revision int `json:"revision,omitempty"`
}
