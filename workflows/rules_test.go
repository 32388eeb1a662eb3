package workflows_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
	"github.com/orderbridge/orderbridge/activities/channels"
	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/workflows"
)

var update = flag.Bool("update", false, "write the golden files anew")

// vocabulary is one downstream status of every phase, two of the open one, and
// one of a phase that the rules do not know.
func vocabulary() []downstream.Status {
	return []downstream.Status{
		{Name: "Unprocessed", Phase: downstream.PhaseUnprocessed},
		{Name: "Awaiting Shipment", Phase: downstream.PhaseOpen},
		{Name: "On Hold", Phase: downstream.PhaseOpen},
		{Name: "Shipped", Phase: downstream.PhaseFulfilled},
		{Name: "Cancelled", Phase: downstream.PhaseCancelled},
		{Name: "Processed Outside", Phase: downstream.PhaseClosed},
		{Name: "From The Future", Phase: "unheard_of"},
	}
}

type ruleCase struct {
	name     string
	settings channels.Settings
}

// allNames selects everything, even what cannot be selected: the rules must
// not depend on the settings having been validated.
func allNames() []string {
	names := make([]string, 0, len(vocabulary()))
	for _, status := range vocabulary() {
		names = append(names, status.Name)
	}
	return names
}

func ruleCases() []ruleCase {
	shipment := []string{"Awaiting Shipment"}
	return []ruleCase{
		{"nothing selected", channels.Settings{}},
		{"both selected", channels.Settings{ValidCancellationStatuses: shipment, ValidFulfillmentStatuses: shipment}},
		{"cancellation only", channels.Settings{ValidCancellationStatuses: shipment}},
		{"fulfillment only", channels.Settings{ValidFulfillmentStatuses: shipment}},
		{"everything selected", channels.Settings{ValidCancellationStatuses: allNames(), ValidFulfillmentStatuses: allNames()}},
		{"refunded and declined cancel, partially shipped fulfills", channels.Settings{
			ValidCancellationStatuses: shipment, ValidFulfillmentStatuses: shipment,
			CancelOn: []bigcommerce.StatusID{
				bigcommerce.StatusRefunded, bigcommerce.StatusCancelled, bigcommerce.StatusDeclined,
			},
			FulfillOn: []bigcommerce.StatusID{
				bigcommerce.StatusShipped, bigcommerce.StatusPartiallyShipped, bigcommerce.StatusCompleted,
			},
		}},
		{"no status mapped", channels.Settings{
			ValidCancellationStatuses: shipment, ValidFulfillmentStatuses: shipment,
			CancelOn: []bigcommerce.StatusID{}, FulfillOn: []bigcommerce.StatusID{},
		}},
		{"one status mapped to both", channels.Settings{
			ValidCancellationStatuses: shipment, ValidFulfillmentStatuses: shipment,
			CancelOn:  []bigcommerce.StatusID{bigcommerce.StatusCancelled},
			FulfillOn: []bigcommerce.StatusID{bigcommerce.StatusCancelled},
		}},
		{"only BigCommerce channel 7", channels.Settings{
			ValidCancellationStatuses: shipment, ValidFulfillmentStatuses: shipment, StoreChannels: []int64{7},
		}},
	}
}

// storeChannel is the BigCommerce channel of every order in the table.
const storeChannel = 1

// decide applies both rules, as the workflow does.
func decide(status bigcommerce.StatusID, there *downstream.Status, s channels.Settings) (workflows.Wish, workflows.Decision) {
	wish, decision := workflows.RuleOnStore(status, storeChannel, s)
	if decision.Action != workflows.ActionApply {
		return wish, decision
	}
	return wish, workflows.RuleOnDownstream(wish, there, s)
}

// everyDecision calls f with every combination of a BigCommerce status, a
// downstream status (nil: not there) and settings.
func everyDecision(f func(c ruleCase, status bigcommerce.StatusID, there *downstream.Status, wish workflows.Wish, d workflows.Decision)) {
	for _, c := range ruleCases() {
		c.settings = c.settings.WithDefaults()
		for _, status := range append(bigcommerce.StatusIDs(), 15, -1) {
			there := make([]*downstream.Status, 1, 1+len(vocabulary()))
			for _, s := range vocabulary() {
				there = append(there, &s)
			}
			for _, s := range there {
				wish, decision := decide(status, s, c.settings)
				f(c, status, s, wish, decision)
			}
		}
	}
}

// TestRulesTable compares every decision with a table that people can read.
func TestRulesTable(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	last := ""
	everyDecision(func(c ruleCase, status bigcommerce.StatusID, there *downstream.Status, wish workflows.Wish, d workflows.Decision) {
		if c.name != last {
			fmt.Fprintf(&b, "# %s\n", c.name)
			last = c.name
		}
		name := "(not there)"
		if there != nil {
			name = there.Name
		}
		fmt.Fprintf(&b, "%-29s| %-18s| %-8s| %s %s %s\n", status, name, wish, d.Action, d.Outcome, d.Reason)
	})
	path := filepath.Join("testdata", "rules.golden")
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	}
	golden, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(golden), b.String(), "if the change is meant, run go test ./workflows -run TestRulesTable -update and read the difference")
}

// TestRulesInvariants states what must hold whatever the table says.
func TestRulesInvariants(t *testing.T) {
	t.Parallel()
	applied := 0
	everyDecision(func(c ruleCase, status bigcommerce.StatusID, there *downstream.Status, wish workflows.Wish, d workflows.Decision) {
		at := fmt.Sprintf("%s: %s, %v", c.name, status, there)
		require.NotEmpty(t, d.Reason, at)
		switch d.Action {
		case workflows.ActionApply:
			applied++
			require.NotNil(t, there, at)
			require.Equal(t, downstream.PhaseOpen, there.Phase, "an effect only on an open order: %s", at)
			valid, mapped := c.settings.ValidCancellationStatuses, c.settings.CancelOn
			if wish == workflows.WishFulfill {
				valid, mapped = c.settings.ValidFulfillmentStatuses, c.settings.FulfillOn
			}
			require.Contains(t, valid, there.Name, "an effect only in a selected status: %s", at)
			require.Contains(t, mapped, status, "an effect only for a mapped status: %s", at)
			require.Empty(t, c.settings.StoreChannels, "an effect only within the filter: %s", at)
		case workflows.ActionWait:
			require.True(t, there == nil || there.Phase == downstream.PhaseUnprocessed, at)
			require.NotEqual(t, workflows.WishNothing, wish, at)
		case workflows.ActionStop:
			require.Contains(t, workflows.Outcomes(), d.Outcome, at)
		}
		if d.Outcome == workflows.OutcomeTooLate {
			require.True(t, there.Phase.Final(), at)
		}
	})
	require.Positive(t, applied)
}

// TestDefaultMapping pins what the statuses mean unless a channel says
// otherwise.
func TestDefaultMapping(t *testing.T) {
	t.Parallel()
	settings := channels.Settings{}.WithDefaults()
	for _, status := range bigcommerce.StatusIDs() {
		want := workflows.WishNothing
		switch {
		case status == 5:
			want = workflows.WishCancel
		case slices.Contains([]bigcommerce.StatusID{2, 10}, status):
			want = workflows.WishFulfill
		}
		require.Equal(t, want, workflows.WishOf(status, settings), status.String())
	}
}
