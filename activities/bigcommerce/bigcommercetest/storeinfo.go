package bigcommercetest

import (
	"net/http"

	"github.com/orderbridge/orderbridge/activities/bigcommerce"
)

type timeWire struct {
	Time int64 `json:"time"`
}

// storeWire has the fields of GET /v2/store that say which store it is.
type storeWire struct {
	ID                   string `json:"id"`
	StoreID              string `json:"store_id"`
	Name                 string `json:"name"`
	Domain               string `json:"domain"`
	SecureURL            string `json:"secure_url"`
	ControlPanelBaseURL  string `json:"control_panel_base_url"`
	Status               string `json:"status"`
	PlanName             string `json:"plan_name"`
	PlanLevel            string `json:"plan_level"`
	PlanIsTrial          bool   `json:"plan_is_trial"`
	Industry             string `json:"industry"`
	Language             string `json:"language"`
	Currency             string `json:"currency"`
	CurrencySymbol       string `json:"currency_symbol"`
	DecimalSeparator     string `json:"decimal_separator"`
	ThousandsSeparator   string `json:"thousands_separator"`
	DecimalPlaces        int    `json:"decimal_places"`
	WeightUnits          string `json:"weight_units"`
	DimensionUnits       string `json:"dimension_units"`
	DefaultChannelID     int64  `json:"default_channel_id"`
	DefaultSiteID        int64  `json:"default_site_id"`
	InfrastructureRegion string `json:"infrastructure_region"`
	Timezone             struct {
		Name      string `json:"name"`
		RawOffset int    `json:"raw_offset"`
	} `json:"timezone"`
}

type statusWire struct {
	ID                int    `json:"id"`
	Name              string `json:"name"`
	SystemLabel       string `json:"system_label"`
	CustomLabel       string `json:"custom_label"`
	SystemDescription string `json:"system_description"`
	SortOrder         int    `json:"order"`
}

func (s *Store) getTime(r *request) answer {
	return answer{http.StatusOK, timeWire{Time: r.now.Unix()}}
}

func (s *Store) getStore(*request) answer {
	w := storeWire{
		ID:                   s.Hash,
		StoreID:              s.StoreID,
		Name:                 "Demo store",
		Domain:               "store-" + s.Hash + ".example.com",
		SecureURL:            "https://store-" + s.Hash + ".example.com",
		ControlPanelBaseURL:  "https://store-" + s.Hash + ".example.com",
		Status:               "live",
		PlanName:             "Demo",
		PlanLevel:            planLevel(s.opts.plan),
		Industry:             "Hardware",
		Language:             "en",
		Currency:             currency,
		CurrencySymbol:       "$",
		DecimalSeparator:     ".",
		ThousandsSeparator:   ",",
		DecimalPlaces:        2,
		WeightUnits:          "LBS",
		DimensionUnits:       "Inches",
		DefaultChannelID:     1,
		DefaultSiteID:        1000,
		InfrastructureRegion: "us-central1",
	}
	w.Timezone.Name = "UTC"
	return answer{http.StatusOK, w}
}

func planLevel(p Plan) string {
	switch {
	case p <= PlanStandard:
		return "Standard"
	case p <= PlanPro:
		return "Pro"
	default:
		return "Enterprise"
	}
}

func (s *Store) listStatuses(*request) answer {
	list := make([]statusWire, 0, len(bigcommerce.StatusIDs()))
	for _, id := range bigcommerce.StatusIDs() {
		list = append(list, s.statusLocked(id))
	}
	return answer{http.StatusOK, list}
}

func (s *Store) getStatus(r *request) answer {
	id, ok := r.id("id")
	if status := bigcommerce.StatusID(id); ok && status.Known() {
		return answer{http.StatusOK, s.statusLocked(status)}
	}
	return v2Error(http.StatusNotFound, notFoundMessage)
}

func (s *Store) statusLocked(id bigcommerce.StatusID) statusWire {
	return statusWire{
		ID:                int(id),
		Name:              id.String(),
		SystemLabel:       id.String(),
		CustomLabel:       s.labelLocked(id),
		SystemDescription: "An order that is " + id.String() + ".",
		SortOrder:         int(id),
	}
}

// SetStatusLabel renames a status for the shoppers and staff of this store, as a
// merchant can; the id and the system's name stay. An empty label undoes it.
func (s *Store) SetStatusLabel(id bigcommerce.StatusID, label string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.labels[id] = label
}

func (s *Store) labelLocked(id bigcommerce.StatusID) string {
	if label := s.labels[id]; label != "" {
		return label
	}
	return id.String()
}
