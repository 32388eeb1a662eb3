package activities

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"go.temporal.io/sdk/activity"

	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/seal"
)

// SignedCallback is what a signature of a callback is about. It is kept so that
// the signature can be checked where the client secret is known; the body of a
// callback holds ids alone.
type SignedCallback struct {
	// Channel is the id of the sales channel.
	Channel string `json:"channel"`
	// ID, Timestamp and Signature are the three headers of the Standard
	// Webhooks specification, webhook-id, webhook-timestamp and
	// webhook-signature, as they came (measured: BigCommerce sends them with
	// every callback).
	ID        string `json:"id"`
	Timestamp string `json:"timestamp"`
	Signature string `json:"signature"`
	// Body is the body, byte for byte.
	Body string `json:"body"`
}

// SignatureResult says what a check of a signature showed.
type SignatureResult string

const (
	// SignatureValid: it was made with the client secret.
	SignatureValid SignatureResult = "valid"
	// SignatureInvalid: it was not.
	SignatureInvalid SignatureResult = "invalid"
	// SignatureMissing: there is none.
	SignatureMissing SignatureResult = "missing"
)

// CheckSignature checks the signature of a callback with the client secret of
// the channel's store. The time of the signature is not bounded: BigCommerce
// repeats callbacks for 48 hours, and whether it signs them anew is not
// documented. A repeated callback starts no second workflow.
func (a *Activities) CheckSignature(ctx context.Context, signed SignedCallback) (SignatureResult, error) {
	result, err := a.signature(ctx, signed)
	if err != nil {
		return "", fail(fmt.Errorf("channel %s: check signature: %w", signed.Channel, err))
	}
	a.metrics.signature(result)
	if result != SignatureValid {
		activity.GetLogger(ctx).Warn("the signature of a callback is not valid", "channel", signed.Channel, "result", result)
	}
	return result, nil
}

// signature tries the client secret that the directory remembers, and if that
// does not fit, those that the channel has by now.
func (a *Activities) signature(ctx context.Context, signed SignedCallback) (SignatureResult, error) {
	result, err := a.signatureOnce(ctx, signed)
	if err != nil || result != SignatureInvalid {
		return result, err
	}
	a.directory.Forget(signed.Channel)
	return a.signatureOnce(ctx, signed)
}

func (a *Activities) signatureOnce(ctx context.Context, signed SignedCallback) (SignatureResult, error) {
	if signed.ID == "" || signed.Timestamp == "" || signed.Signature == "" {
		return SignatureMissing, nil
	}
	channel, err := a.directory.Channel(ctx, signed.Channel)
	if err != nil {
		return "", err
	}
	// Hooks of an account that the channel has left sign with its secret.
	stores := []channels.Store{channel.Store}
	for _, former := range channel.Former {
		stores = append(stores, former.Store)
	}
	for i, store := range stores {
		secret, err := a.connections.config.Keeper.Open(ctx, store.ClientSecret)
		if i > 0 && errors.Is(err, seal.ErrCannotOpen) {
			continue // its key may be gone before what it signed is
		}
		if err != nil {
			return "", err
		}
		if secret != "" && validSignature(secret, signed) {
			return SignatureValid, nil
		}
	}
	return SignatureInvalid, nil
}

func validSignature(secret string, signed SignedCallback) bool {
	// BigCommerce documents the bytes of the client secret as the key.
	webhook, err := standardwebhooks.NewWebhookRaw([]byte(secret))
	if err != nil {
		return false
	}
	header := http.Header{}
	header.Set("Webhook-Id", signed.ID)
	header.Set("Webhook-Timestamp", signed.Timestamp)
	header.Set("Webhook-Signature", signed.Signature)
	return webhook.VerifyIgnoringTimestamp([]byte(signed.Body), header) == nil
}
