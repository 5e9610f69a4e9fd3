package policy

import "testing"

func TestSelection(t *testing.T) {
	const rules = "file: {matchPaths: [{path: /a}]}}"
	object := func(kind, metadata, spec string) string {
		return "apiVersion: security.kubearmor.com/v1\nkind: " + kind + "\nmetadata: " + metadata + "\nspec: {" + spec + rules
	}
	ksp := func(selector string) string { return object("KubeArmorPolicy", "{name: p, namespace: shop}", selector) }
	csp := func(selector string) string { return object("KubeArmorClusterPolicy", "{name: p}", selector) }
	hsp := func(selector string) string { return object("KubeArmorHostPolicy", "{name: p}", selector) }
	pod := Target{HostName: "node-1", Namespace: "shop", Labels: map[string]string{"app": "web", "tier": "front"}, Container: "nginx"}
	elsewhere := pod
	elsewhere.Namespace = "other"
	host := Target{Host: true, HostName: "node-1", Labels: map[string]string{"zone": "a", "kubernetes.io/hostname": "node-1.example"}}
	expressions := func(list string) string { return "selector: {matchExpressions: [" + list + "]}, " }
	labels := func(list string) string { return "selector: {matchLabels: {" + list + "}}, " }
	nodes := func(list string) string { return "nodeSelector: {matchLabels: {" + list + "}}, " }

	tests := []struct {
		name   string
		policy string
		target Target
		want   bool
	}{
		{"an empty selector picks all of its namespace", ksp("selector: {}, "), pod, true},
		{"no selector picks all of its namespace", ksp(""), pod, true},
		{"a policy stays in its namespace", ksp(""), elsewhere, false},
		{"a policy without namespace is in default", object("KubeArmorPolicy", "{name: p}", ""), Target{Namespace: "default"}, true},
		{"a policy of pods leaves the host alone", ksp(""), host, false},
		{"a cluster policy reaches every namespace", csp(""), elsewhere, true},
		{"a cluster policy leaves the host alone", csp(""), host, false},
		{"a host policy leaves pods alone", hsp(""), pod, false},
		{"a host policy without selector picks every host", hsp(""), host, true},

		{"labels that are there", ksp(labels("app: web, tier: front")), pod, true},
		{"one label of two that is not", ksp(labels("app: web, tier: back")), pod, false},
		{"labels and expressions both have to hold", ksp("selector: {matchLabels: {app: web}, matchExpressions: [{key: tier, operator: NotIn, values: [front]}]}, "), pod, false},

		{"In, one of the values", ksp(expressions("{key: app, operator: In, values: [api, web]}")), pod, true},
		{"In, none of the values", ksp(expressions("{key: app, operator: In, values: [api]}")), pod, false},
		{"In, the label absent", ksp(expressions("{key: absent, operator: In, values: ['']}")), pod, false},
		{"NotIn, another value", ksp(expressions("{key: app, operator: NotIn, values: [api]}")), pod, true},
		{"NotIn, one of the values", ksp(expressions("{key: app, operator: NotIn, values: [api, web]}")), pod, false},
		{"NotIn, the label absent", ksp(expressions("{key: absent, operator: NotIn, values: [x]}")), pod, true},
		{"Exists, there", ksp(expressions("{key: app, operator: Exists}")), pod, true},
		{"Exists, absent", ksp(expressions("{key: absent, operator: Exists}")), pod, false},
		{"DoesNotExist, there", ksp(expressions("{key: app, operator: DoesNotExist}")), pod, false},
		{"DoesNotExist, absent", ksp(expressions("{key: absent, operator: DoesNotExist}")), pod, true},
		{"several expressions, one of which fails", ksp(expressions("{key: app, operator: Exists}, {key: absent, operator: Exists}")), pod, false},

		{"key label, one of the pairs", ksp(expressions("{key: label, operator: In, values: [app=api, tier=front]}")), pod, true},
		{"key label, none of the pairs", csp(expressions("{key: label, operator: In, values: [app=api, tier=back]}")), pod, false},
		{"key label, a value is not a prefix", ksp(expressions("{key: label, operator: In, values: [app=we]}")), pod, false},
		{"key label, NotIn with one that is there", ksp(expressions("{key: label, operator: NotIn, values: [app=api, tier=front]}")), pod, false},
		{"key label, NotIn with none that is there", csp(expressions("{key: label, operator: NotIn, values: [app=api]}")), pod, true},
		{"key label with Exists is the label of that name", ksp(expressions("{key: label, operator: Exists}")), pod, false},

		{"key namespace, one of them", csp(expressions("{key: namespace, operator: In, values: [shop, bank]}")), pod, true},
		{"key namespace, none of them", csp(expressions("{key: namespace, operator: In, values: [shop, bank]}")), elsewhere, false},
		{"key namespace, NotIn", csp(expressions("{key: namespace, operator: NotIn, values: [shop]}")), pod, false},
		{"key namespace, NotIn, elsewhere", csp(expressions("{key: namespace, operator: NotIn, values: [shop]}")), elsewhere, true},
		{"key namespace in a policy of one namespace is a label", ksp(expressions("{key: namespace, operator: In, values: [shop]}")), pod, false},

		{"a container by name", ksp(labels("kubearmor.io/container.name: nginx")), pod, true},
		{"another container", ksp(labels("kubearmor.io/container.name: sidecar")), pod, false},
		{"one container of a list", ksp(labels("kubearmor.io/container.name: '[sidecar, nginx]'")), pod, true},
		{"no container of a list", ksp(labels("kubearmor.io/container.name: '[sidecar,init]'")), pod, false},
		{"a container and a label that is not there", ksp(labels("kubearmor.io/container.name: nginx, app: api")), pod, false},

		{"a node by label", hsp(nodes("zone: a")), host, true},
		{"a node of another label", hsp(nodes("zone: b")), host, false},
		{"a host by its own name", hsp(nodes("kubearmor.io/hostname: node-1")), host, true},
		{"a host by the node's label", hsp(nodes("kubernetes.io/hostname: node-1.example")), host, true},
		{"a host by its own name under the other label", hsp(nodes("kubernetes.io/hostname: node-1")), host, true},
		{"another host", hsp(nodes("kubernetes.io/hostname: node-2")), host, false},
		{"any host by name", hsp(nodes("kubearmor.io/hostname: '*'")), host, true},
		{"any host", hsp(nodes("'*': '*'")), host, true},
		{"any host, of a zone", hsp(nodes("kubearmor.io/hostname: '*', zone: b")), host, false},
		{"a host without labels, standing alone", hsp(nodes("kubernetes.io/hostname: box")), Target{Host: true, HostName: "box"}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := parseOne(t, tt.policy).Selects(tt.target); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestAPodIsSelectedWhateverItsContainersAreCalled(t *testing.T) {
	p := parseOne(t, "apiVersion: security.kubearmor.com/v1\nkind: KubeArmorPolicy\nmetadata: {name: p}\nspec: {selector: {matchLabels: {kubearmor.io/container.name: a, app: web}}, file: {matchPaths: [{path: /a}]}}")
	pod := Target{Namespace: "default", Labels: map[string]string{"app": "web"}}
	if !p.SelectsPod(pod) || p.Selects(pod) {
		t.Errorf("SelectsPod %v, Selects %v, want true and false", p.SelectsPod(pod), p.Selects(pod))
	}
	if pod.Labels["app"] = "api"; p.SelectsPod(pod) {
		t.Error("selected a pod of other labels")
	}
}
