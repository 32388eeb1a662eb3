package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/subscriptions"
)

// ErrTypeConnectionTaken means that another channel connects the same store to the same
// downstream account. Both would act on every order.
const ErrTypeConnectionTaken = "connection_taken"

const (
	// holderMemo is the memo field that names the channel which holds a
	// connection.
	holderMemo = "holder"
	// claimAge is how old a claim must be before it can be found abandoned: a
	// channel that is being saved holds its claim before it says so.
	claimAge = 3 * time.Minute
)

// Claim is a channel's claim to be the only one between a store and a
// downstream account.
type Claim struct {
	// Channel is the id of the sales channel.
	Channel string `json:"channel"`
	// Connection is the id of the claim: see channels.Channel.
	Connection string `json:"connection"`
}

// connectionID names the connection between a store and a downstream account.
// The account is the adapter, its address, and the options that the adapter says
// separate accounts.
func (a *Activities) connectionID(channel channels.Channel) string {
	store := cmp.Or(channel.Store.BaseURL, bigcommerce.DefaultBaseURL)
	address, account := channel.Downstream.BaseURL, []string(nil)
	if driver, known := a.connections.config.Drivers.Find(channel.Downstream.Adapter); known {
		address, account = driver.Account(address, channel.Downstream.Options.Values())
	}
	parts := append([]string{normalized(store), channel.Store.Hash, channel.Downstream.Adapter, normalized(address)}, account...)
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return "connection/" + channel.Store.Hash + "/" + hex.EncodeToString(sum[:8])
}

// normalized makes two spellings of one address equal.
func normalized(address string) string { return strings.TrimRight(subscriptions.Spelled(address), "/") }

// ClaimConnection makes a channel the only one between its store and its
// downstream account, and refuses that with ErrTypeConnectionTaken when another
// channel is that. A workflow with the connection's id holds the claim: Temporal
// lets only one of that id be open, so two channels that are added at once
// cannot both succeed.
func (a *Activities) ClaimConnection(ctx context.Context, channel channels.Channel) (Claim, error) {
	claim := Claim{Channel: channel.ID, Connection: a.connectionID(channel)}
	for {
		err := a.startClaim(ctx, claim)
		if _, taken := errors.AsType[*serviceerror.WorkflowExecutionAlreadyStarted](err); !taken {
			return claim, wrapClaim(claim, err)
		}
		holder, runID, err := a.holder(ctx, claim)
		if err != nil {
			return Claim{}, wrapClaim(claim, err)
		}
		switch {
		case holder == claim.Channel:
			return claim, nil
		case runID == "":
			continue // it ended just now
		}
		abandoned, err := a.abandoned(ctx, claim, holder, runID)
		if err != nil {
			return Claim{}, wrapClaim(claim, err)
		}
		if !abandoned {
			return Claim{}, refuse(ErrTypeConnectionTaken, fmt.Errorf(
				"channel %s connects store %s to this downstream account already: change that one, or remove it first", holder, channel.Store.Hash))
		}
		err = a.temporal.TerminateWorkflow(ctx, claim.Connection, runID, "channel "+holder+" does not use this connection any more")
		if err != nil && !notFound(err) {
			return Claim{}, wrapClaim(claim, err)
		}
	}
}

// keepConnection claims the connection of a channel again, should somebody have
// ended the claim, and reports another channel that has it meanwhile.
func (a *Activities) keepConnection(ctx context.Context, request SyncRequest) ([]channels.Finding, error) {
	if a.temporal == nil || request.Remove || !request.Active || request.Connection == "" {
		return nil, nil
	}
	_, err := a.ClaimConnection(ctx, request.Channel)
	if app, ok := errors.AsType[*temporal.ApplicationError](err); ok && app.Type() == ErrTypeConnectionTaken {
		return []channels.Finding{{
			Kind: channels.FindingConnection, Detail: app.Message(), Left: true,
			Advice: "both act on every order: remove or deactivate one of the two",
		}}, nil
	}
	return nil, err
}

// ReleaseConnection gives a claim back. A claim that the channel does not hold
// is left alone.
func (a *Activities) ReleaseConnection(ctx context.Context, claim Claim) error {
	holder, runID, err := a.holder(ctx, claim)
	if err != nil || holder != claim.Channel || runID == "" {
		return wrapClaim(claim, err)
	}
	// Not by a cancellation: until a worker had taken note of that, the claim
	// could be taken for one that is still held.
	err = a.temporal.TerminateWorkflow(ctx, claim.Connection, runID, "channel "+holder+" has given this connection back")
	return wrapClaim(claim, ignoreNotFound(err))
}

func (a *Activities) startClaim(ctx context.Context, claim Claim) error {
	_, err := a.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                                       claim.Connection,
		TaskQueue:                                channels.TaskQueue,
		WorkflowIDConflictPolicy:                 enums.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
		Memo:                                     map[string]any{holderMemo: claim.Channel},
		TypedSearchAttributes:                    temporal.NewSearchAttributes(channels.SearchAttribute.ValueSet(claim.Channel)),
		StaticSummary:                            "held by channel " + claim.Channel,
	}, channels.ConnectionWorkflowType)
	return err
}

// holder returns who holds a connection, and the run that says so; "" if nobody
// does.
func (a *Activities) holder(ctx context.Context, claim Claim) (channel, runID string, err error) {
	description, err := a.describe(ctx, claim, "")
	if notFound(err) {
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	info := description.GetWorkflowExecutionInfo()
	if info.GetStatus() != enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
		return "", "", nil
	}
	if err := converter.GetDefaultDataConverter().FromPayload(info.GetMemo().GetFields()[holderMemo], &channel); err != nil {
		return "", "", fmt.Errorf("read its memo: %w", err)
	}
	return channel, info.GetExecution().GetRunId(), nil
}

func (a *Activities) describe(ctx context.Context, claim Claim, runID string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	return a.temporal.DescribeWorkflowExecution(ctx, claim.Connection, runID)
}

// abandoned reports whether the holder of a connection is not there any more,
// or has another one: its workflow was ended without being asked to let go.
func (a *Activities) abandoned(ctx context.Context, claim Claim, holder, runID string) (bool, error) {
	description, err := a.describe(ctx, claim, runID)
	if err != nil {
		return notFound(err), ignoreNotFound(err)
	}
	if time.Since(description.GetWorkflowExecutionInfo().GetStartTime().AsTime()) < claimAge {
		return false, nil
	}
	a.directory.Forget(holder)
	channel, err := a.directory.Channel(ctx, holder)
	if errors.Is(err, channels.ErrUnknown) {
		return true, nil
	}
	return err == nil && channel.Connection != claim.Connection, err
}

func notFound(err error) bool {
	_, ok := errors.AsType[*serviceerror.NotFound](err)
	return ok
}

func ignoreNotFound(err error) error {
	if notFound(err) {
		return nil
	}
	return err
}

func wrapClaim(claim Claim, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("channel %s: claim %s: %w", claim.Channel, claim.Connection, err)
}
