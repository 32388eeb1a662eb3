package channels_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
)

func TestWithDefaults(t *testing.T) {
	t.Parallel()
	t.Run("fills in what is empty", func(t *testing.T) {
		t.Parallel()
		require.Equal(t, channels.Settings{
			CancelOn:  []bigcommerce.StatusID{bigcommerce.StatusCancelled},
			FulfillOn: []bigcommerce.StatusID{bigcommerce.StatusShipped, bigcommerce.StatusCompleted},
			Waits: channels.Waits{
				First:       channels.Duration(3 * time.Minute),
				Longest:     channels.Duration(4 * time.Hour),
				GiveUpAfter: channels.Duration(24 * time.Hour),
				Settle:      channels.Duration(2 * time.Second),
				RetryFor:    channels.Duration(72 * time.Hour),
			},
			Signature:      channels.SignatureObserve,
			AuditEvery:     channels.Duration(15 * time.Minute),
			ReconcileEvery: channels.Duration(10 * time.Minute),
		}, channels.Settings{}.WithDefaults())
	})
	t.Run("keeps what is set", func(t *testing.T) {
		t.Parallel()
		set := channels.Settings{
			ValidCancellationStatuses: []string{"New"},
			CancelOn:                  []bigcommerce.StatusID{4},
			FulfillOn:                 []bigcommerce.StatusID{3},
			StoreChannels:             []int64{2},
			Waits:                     channels.Waits{First: 1, Longest: 2, GiveUpAfter: 3, Settle: 4, RetryFor: 5},
			Signature:                 channels.SignatureOff, AuditEvery: 6, ReconcileEvery: 7,
		}
		require.Equal(t, set, set.WithDefaults())
	})
	t.Run("keeps a list that was emptied on purpose", func(t *testing.T) {
		t.Parallel()
		got := channels.Settings{CancelOn: []bigcommerce.StatusID{}, FulfillOn: []bigcommerce.StatusID{}}.WithDefaults()
		require.Empty(t, got.CancelOn)
		require.Empty(t, got.FulfillOn)
	})
	t.Run("has no effect on its receiver", func(t *testing.T) {
		t.Parallel()
		var empty channels.Settings
		_ = empty.WithDefaults()
		require.Equal(t, channels.Settings{}, empty)
	})
}

func TestWantsAny(t *testing.T) {
	t.Parallel()
	require.False(t, channels.Settings{CancelOn: []bigcommerce.StatusID{5}}.WantsAny())
	require.True(t, channels.Settings{ValidCancellationStatuses: []string{"New"}}.WantsAny())
	require.True(t, channels.Settings{ValidFulfillmentStatuses: []string{"New"}}.WantsAny())
}

func TestValidateStatuses(t *testing.T) {
	t.Parallel()
	known := []downstream.Status{
		{Name: "New", Phase: downstream.PhaseUnprocessed},
		{Name: "Awaiting Shipment", Phase: downstream.PhaseOpen},
		{Name: "On Hold", Phase: downstream.PhaseOpen},
		{Name: "Cancelled", Phase: downstream.PhaseCancelled},
		{Name: "Shipped", Phase: downstream.PhaseFulfilled},
		{Name: "Archived", Phase: downstream.PhaseClosed},
	}
	for name, tc := range map[string]struct {
		cancel, fulfill []string
		want            []string
	}{
		"nothing selected": {},
		"selected from what exists": {
			cancel: []string{"On Hold", "Awaiting Shipment"}, fulfill: []string{"Awaiting Shipment"},
		},
		"unknown, and names the known": {
			cancel: []string{"Waiting"},
			want:   []string{`settings.valid_cancellation_statuses "Waiting" is not a status of the downstream system; choose among "Awaiting Shipment", "On Hold"`},
		},
		"case matters": {
			fulfill: []string{"awaiting shipment"},
			want:    []string{`settings.valid_fulfillment_statuses "awaiting shipment" is not a status`},
		},
		"empty name":  {cancel: []string{""}, want: []string{`settings.valid_cancellation_statuses "" is not a status`}},
		"cancelled":   {cancel: []string{"Cancelled"}, want: []string{`"Cancelled" is final`, `choose among "Awaiting Shipment", "On Hold"`}},
		"fulfilled":   {fulfill: []string{"Shipped"}, want: []string{`"Shipped" is final`}},
		"closed":      {fulfill: []string{"Archived"}, want: []string{`"Archived" is final`}},
		"unprocessed": {fulfill: []string{"New"}, want: []string{`settings.valid_fulfillment_statuses "New" is not processed yet`}},
		"twice": {
			cancel: []string{"On Hold", "On Hold"}, want: []string{`settings.valid_cancellation_statuses "On Hold" is listed twice`},
		},
		"all mistakes at once": {
			cancel:  []string{"Waiting", "Cancelled"},
			fulfill: []string{"New", "On Hold", "On Hold"},
			want:    []string{`"Waiting" is not a status`, `"Cancelled" is final`, `"New" is not processed`, `"On Hold" is listed twice`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := channels.Settings{ValidCancellationStatuses: tc.cancel, ValidFulfillmentStatuses: tc.fulfill}.ValidateStatuses(known)
			if len(tc.want) == 0 {
				require.NoError(t, err)
			}
			for _, want := range tc.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestValidateStatusesOfASystemWithNothingToChoose(t *testing.T) {
	t.Parallel()
	err := channels.Settings{ValidCancellationStatuses: []string{"Open"}}.ValidateStatuses(
		[]downstream.Status{{Name: "Done", Phase: downstream.PhaseFulfilled}})
	require.ErrorContains(t, err, "it has none that can be chosen")
}

func TestDurationAsText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"3m0s":    3 * time.Minute,
		"24h0m0s": 24 * time.Hour,
		"1.5s":    1500 * time.Millisecond,
		"0s":      0,
		"-2s":     -2 * time.Second,
	} {
		var d channels.Duration
		require.NoError(t, d.UnmarshalText([]byte(text)))
		require.Equal(t, want, d.Std())
		require.Equal(t, text, d.String())
		out, err := d.MarshalText()
		require.NoError(t, err)
		require.Equal(t, text, string(out))
	}
	for _, text := range []string{"", "3", "3 minutes", "1d", "soon", "9999999h"} {
		d := channels.Duration(7)
		require.ErrorContains(t, d.UnmarshalText([]byte(text)), `must look like 90s, 5m or 24h`, text)
		require.Equal(t, channels.Duration(7), d, "a refused text changes nothing")
	}
}

func TestDurationInJSON(t *testing.T) {
	t.Parallel()
	waits := channels.Settings{}.WithDefaults().Waits
	text, err := json.Marshal(waits)
	require.NoError(t, err)
	require.JSONEq(t, `{"first":"3m0s","longest":"4h0m0s","give_up_after":"24h0m0s","settle":"2s","retry_for":"72h0m0s"}`, string(text))
	var back channels.Waits
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, waits, back)
	require.NoError(t, json.Unmarshal([]byte(`{"first":"90s"}`), &back))
	require.Equal(t, channels.Duration(90*time.Second), back.First)
	require.Error(t, json.Unmarshal([]byte(`{"first":180}`), &back), "a bare number has no unit")
}
