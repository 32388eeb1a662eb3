package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/activities/downstream"
	"github.com/orderbridge/orderbridge/cmd/orderbridge/session"
)

// kindView is a kind of downstream system as the command shows it.
type kindView struct {
	Name        string              `json:"name"`
	Title       string              `json:"title"`
	BaseURL     string              `json:"base_url"`
	Credential  string              `json:"credential"`
	Permissions string              `json:"permissions"`
	Options     []optionView        `json:"options"`
	Statuses    []downstream.Status `json:"statuses"`
}

type optionView struct {
	Name     string          `json:"name"`
	Usage    string          `json:"usage"`
	Form     downstream.Form `json:"form"`
	OneOf    []string        `json:"one_of,omitempty"`
	Required bool            `json:"required"`
	Default  string          `json:"default,omitempty"`
}

func viewOf(d downstream.Driver) kindView {
	view := kindView{
		Name: d.Name, Title: d.Title, BaseURL: d.BaseURL, Credential: d.Credential, Permissions: d.Permissions,
		Options: []optionView{}, Statuses: append([]downstream.Status{}, d.Statuses...),
	}
	for _, o := range d.Options {
		view.Options = append(view.Options, optionView{o.Name, o.Usage, o.Form, o.OneOf, o.Required, o.Default})
	}
	return view
}

func newDownstreamsCommand(drivers downstream.Drivers) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "downstreams [KIND]",
		Short: "List the kinds of downstream systems, or the options and statuses of one",
		Long: `List the kinds of downstream systems that a sales channel can be connected to, or
what there is to know of one: the credential that it takes, its options, and the
statuses among which "channels add" and "channels set" choose.

docs/downstreams.md says more about each.`,
		Example: `  orderbridge downstreams
  orderbridge downstreams shipstation`,
		Args: cobra.MaximumNArgs(1),
	}
	asJSON := cmd.Flags().Bool("json", false, "print JSON")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		out := cmd.OutOrStdout()
		if len(args) == 1 {
			driver, known := drivers.Find(args[0])
			if !known {
				return session.Misused(cmd, fmt.Errorf("there is no kind %q: there are %s", args[0], drivers.Names()))
			}
			if *asJSON {
				return writeJSON(out, viewOf(driver))
			}
			return describeKind(out, driver)
		}
		if *asJSON {
			views := make([]kindView, 0, len(drivers))
			for _, driver := range drivers {
				views = append(views, viewOf(driver))
			}
			return writeJSON(out, views)
		}
		return listKinds(out, drivers)
	}
	return cmd
}

func writeJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

func listKinds(out io.Writer, drivers downstream.Drivers) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "KIND\tSYSTEM\tADDRESS")
	for _, d := range drivers {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", d.Name, d.Title, orText(d.BaseURL, "(yours)"))
	}
	return table.Flush()
}

// describeKind says what there is to know of one kind. Writing to the table
// cannot fail before it is flushed.
func describeKind(out io.Writer, d downstream.Driver) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(table, "kind\t%s: %s\n", d.Name, d.Title)
	_, _ = fmt.Fprintf(table, "address\t%s\n", orText(d.BaseURL, "yours: --downstream-url"))
	_, _ = fmt.Fprintf(table, "credential\t%s\n", d.Credential)
	_, _ = fmt.Fprintf(table, "permissions\t%s\n", d.Permissions)
	if len(d.Options) > 0 {
		_, _ = fmt.Fprint(table, "\nOPTION\tFORM\tDEFAULT\tWHAT IT IS\n")
	}
	for _, o := range d.Options {
		fallback := orText(o.Default, "-")
		if o.Required {
			fallback = "(required)"
		}
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", o.Name, o.Form, fallback, o.Usage)
	}
	if len(d.Statuses) == 0 {
		_, _ = fmt.Fprint(table, "\nIts statuses are asked from the system itself.\n")
		return table.Flush()
	}
	_, _ = fmt.Fprint(table, "\nSTATUS\tPHASE\tMEANING\n")
	for _, s := range d.Statuses {
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\n", s.Name, s.Phase, s.Description)
	}
	return table.Flush()
}

func orText(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
