package ingress

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/orderbridge/orderbridge/activities"
	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/workflows"
)

// webhook takes a callback about an order.
func (s *Server) webhook(ctx context.Context, call call) answer {
	event, err := bigcommerce.ParseEvent(call.body)
	return s.orderWebhook(ctx, call, webhookOf(call, event, err))
}

// orderWebhook starts the workflow of a callback, usable or not.
func (s *Server) orderWebhook(ctx context.Context, call call, hook workflows.Webhook) answer {
	log := call.log.With("scope", hook.Scope, "order", hook.OrderID, "workflow_id", hook.ID())
	noteOrder(ctx, hook)
	duplicate, err := s.start(ctx, hook)
	taken := answer{status: http.StatusOK, scope: hook.Scope, run: hook.ID()}
	switch {
	case err != nil:
		log.ErrorContext(ctx, "webhook not started: Temporal did not take it; BigCommerce will send it again", "error", err)
		return answer{status: http.StatusServiceUnavailable, result: resultUnavailable, scope: hook.Scope}
	case duplicate:
		log.InfoContext(ctx, "webhook received again")
		taken.result = resultDuplicate
	case hook.Rejection != nil:
		// A 4xx would be repeated for 48 hours and then switch the hook off.
		log.WarnContext(ctx, "webhook recorded as rejected", "reason", hook.Rejection.Reason, "detail", hook.Rejection.Detail)
		taken.result = resultRejected
	default:
		log.InfoContext(ctx, "webhook accepted")
		taken.result = resultAccepted
	}
	return taken
}

func (s *Server) start(ctx context.Context, hook workflows.Webhook) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, s.config.StartTimeout)
	defer cancel()
	return s.starter.Start(ctx, hook)
}

// webhookOf reduces a callback to what the workflow needs. One that cannot be
// used becomes a webhook with a Rejection. err is that of bigcommerce.ParseEvent.
func webhookOf(call call, event bigcommerce.Event, err error) workflows.Webhook {
	hook := workflows.Webhook{Channel: call.channel, SecretVersion: call.version, ReceivedAt: call.began.UTC()}
	if bigcommerce.ValidScope(event.Scope) {
		hook.Scope = event.Scope
	}
	hook.Hash = workflows.HashOf(event.Hash, call.body)
	if rejection := reject(event, err); rejection != nil {
		rejection.Size = len(call.body)
		hook.Rejection = rejection
		return hook
	}
	hook.StoreHash, hook.OrderID, hook.EventAt = event.StoreHash, event.OrderID, event.CreatedAt
	hook.Signed = signedOf(call)
	return hook
}

const (
	// maxSignedBody bounds the body that is kept for the check of its
	// signature, in bytes: twenty times what BigCommerce sends (measured).
	maxSignedBody = 4 << 10
	// maxSignatureHeader bounds each of the three headers, in bytes. The
	// longest that BigCommerce sends has 47 (measured); the specification
	// allows several signatures in one.
	maxSignatureHeader = 512
)

// signedOf keeps what is needed to check the signature of a callback, where the
// client secret is known: here nothing is looked up. It returns nil if the
// callback carries no signature that can be checked.
func signedOf(call call) *activities.SignedCallback {
	signed := activities.SignedCallback{
		Channel:   call.channel,
		ID:        signatureHeader(call.header, "Webhook-Id"),
		Timestamp: signatureHeader(call.header, "Webhook-Timestamp"),
		Signature: signatureHeader(call.header, "Webhook-Signature"),
	}
	if len(call.body) > maxSignedBody || signed.ID == "" && signed.Timestamp == "" && signed.Signature == "" {
		return nil
	}
	signed.Body = string(call.body)
	return &signed
}

// signatureHeader returns a header, or "" for one that is longer than any that
// BigCommerce sends: it counts as missing.
func signatureHeader(header http.Header, name string) string {
	value := header.Get(name)
	if len(value) > maxSignatureHeader {
		return ""
	}
	return value
}

// reasonOf maps what is wrong with a callback to the reason of its outcome.
func reasonOf(cause bigcommerce.EventCause) workflows.Reason {
	switch cause {
	case bigcommerce.EventNotJSON, bigcommerce.EventTrailingData, bigcommerce.EventTooDeep, bigcommerce.EventNotObject:
		return workflows.ReasonNotJSON
	case bigcommerce.EventNoScope, bigcommerce.EventBadScope:
		return workflows.ReasonUnknownScope
	case bigcommerce.EventNoData, bigcommerce.EventNoOrderID:
		return workflows.ReasonNoOrder
	default:
		return workflows.ReasonNotJSON
	}
}

func reject(event bigcommerce.Event, err error) *workflows.Rejection {
	var eventErr *bigcommerce.EventError
	switch {
	case errors.As(err, &eventErr):
		return &workflows.Rejection{Reason: reasonOf(eventErr.Cause), Detail: string(eventErr.Cause)}
	case err != nil:
		return &workflows.Rejection{Reason: workflows.ReasonNotJSON, Detail: "the body cannot be read"}
	case !bigcommerce.IsOrderScope(event.Scope):
		return &workflows.Rejection{
			Reason: workflows.ReasonUnknownScope,
			Detail: fmt.Sprintf("scope %q is not about orders: remove the hook, or correct its scope", event.Scope),
		}
	case event.OrderID <= 0:
		return &workflows.Rejection{Reason: workflows.ReasonNoOrder, Detail: "the data names no order"}
	default:
		return nil
	}
}
