package pipeline_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl"
	"github.com/orderbridge/orderbridge/activities/downstream/threepl/threepltest"
	"github.com/orderbridge/orderbridge/workflows"
)

// TestAccountsOfOneSystem connects one store to two customers of one warehouse:
// the options, and not the address alone, tell the accounts apart.
func TestAccountsOfOneSystem(t *testing.T) {
	t.Parallel()
	p := newPipeline(t)
	warehouse := threepltest.New(t)
	statuses := []string{threepl.StatusAllocated}
	ofCustomer := func(id string, customer int64) channels.Channel {
		channel := p.channel()
		channel.ID, channel.CallbackURL = id, "http://"+p.ingress+"/webhooks/bigcommerce/"+id
		channel.Downstream = channels.Downstream{
			Adapter: "threepl", BaseURL: warehouse.URL, Token: p.seal(warehouse.ClientID + ":" + warehouse.ClientSecret),
			Options: channels.Options{}.With("customer_id", strconv.FormatInt(customer, 10)).With("user_login", warehouse.UserLogin),
		}
		channel.Settings.ValidCancellationStatuses, channel.Settings.ValidFulfillmentStatuses = statuses, nil
		return channel
	}
	save := func(channel channels.Channel) error {
		_, err := channels.Save(p.ctx, p.client, workflows.TaskQueueChannels, channels.SaveRequest{By: "test", Channel: channel})
		return err
	}
	first, second := ofCustomer("first", threepltest.CustomerID), ofCustomer("second", threepltest.CustomerID+1)
	require.NoError(t, save(first))
	require.NoError(t, save(second), "another customer's orders are another account")

	rival := ofCustomer("rival", threepltest.CustomerID)
	rival.Downstream.Options = rival.Downstream.Options.With("recalculate_charges", "true")
	require.ErrorContains(t, save(rival), "channel first connects store "+p.store.Hash+" to this downstream account already")

	// Each acts on the orders of its own customer alone.
	warehouse.Add(threepltest.Order{Number: "218", CustomerID: threepltest.CustomerID + 1, FullyAllocated: true})
	p.order(218, "")
	require.NoError(t, p.store.SetStatus(218, bigcommerce.StatusCancelled))
	require.Eventually(t, func() bool { return len(warehouse.Effects()) > 0 }, patience, 5*time.Millisecond)
	require.Equal(t, "218", warehouse.Effects()[0].OrderNumber)

	// A channel that moves to another account makes room.
	first.Downstream.Options = first.Downstream.Options.With("customer_id", strconv.FormatInt(threepltest.CustomerID+2, 10))
	require.NoError(t, save(first))
	require.NoError(t, save(rival))
	require.Len(t, warehouse.Effects(), 1)
}
