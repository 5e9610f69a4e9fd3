package hooks

import "fmt"

// scenario is a state of affairs in which the load runs.
type scenario struct {
	name string
	// command starts the load.
	command []string
	// before runs to its end first; beside is started first, prints a line when it is
	// ready, and is ended afterwards.
	before, beside []string
	// like names the scenario of AppArmor to compare with.
	like string
}

// boot is a guest with a list of security modules and what is measured in it. The modules
// are fixed when a kernel starts, so each list is a boot.
type boot struct {
	modules   string
	scenarios []scenario
}

// modules are those of Debian's list that any kernel may have.
const modules = "landlock,lockdown,yama,integrity"

const policyDir = "/opt/bench/policies/"

// lists are the policies that are measured.
func lists() []list {
	return []list{
		{rules: 10}, {rules: 1_000}, {rules: 10, glob: true}, {rules: 10, source: true}, {allow: true, rules: 10}, {allow: true, rules: 1_000},
	}
}

// addressed are lists with rules about addresses; of AppArmor's without them.
func addressed() []list {
	return []list{{rules: 10, addresses: true}, {allow: true, rules: 1_000, addresses: true}}
}

// plainName is the scenario that every other is compared with.
const plainName = "neither"

// watched is a policy that AppArmor has nothing like.
func watched() list { return list{rules: 10, watch: true} }

func boots() []boot {
	load := append([]string{loadPath, "--contained"}, paths()...)
	plain := boot{modules: modules, scenarios: []scenario{{name: plainName, command: load}}}
	armor := boot{modules: modules + ",apparmor", scenarios: []scenario{{name: "AppArmor, unconfined", command: load}}}
	product := boot{modules: modules + ",bpf", scenarios: []scenario{
		{name: "BPF-LSM in the kernel, nothing attached", command: load},
		{
			name: "KubeArmor, a task without a policy", command: load, like: "AppArmor, unconfined",
			beside: run(lists()[0], "sh", "-c", "echo ready; exec sleep infinity"),
		},
		{
			name: "KubeArmor, a task without a policy, addresses judged", command: load,
			beside: run(addressed()[0], "sh", "-c", "echo ready; exec sleep infinity"),
		},
		{
			name: "KubeArmor, a task without a policy, calls watched", command: load,
			beside: run(watched(), "sh", "-c", "echo ready; exec sleep infinity"),
		},
		{name: "KubeArmor, " + watched().String(), command: run(watched(), append([]string{loadPath}, paths()...)...)},
	}}
	for _, l := range lists() {
		name := "AppArmor, " + l.String()
		armor.scenarios = append(armor.scenarios, scenario{
			name:    name,
			before:  []string{"apparmor_parser", "-r", policyDir + l.id() + ".apparmor"},
			command: append([]string{loadPath, "--contained", "--apparmor", l.id()}, paths()...),
		})
		product.scenarios = append(product.scenarios, scenario{
			name: "KubeArmor, " + l.String(), command: run(l, append([]string{loadPath}, paths()...)...), like: name,
		})
	}
	for _, l := range addressed() {
		without := l
		without.addresses = false
		product.scenarios = append(product.scenarios, scenario{
			name: "KubeArmor, " + l.String(), command: run(l, append([]string{loadPath}, paths()...)...), like: "AppArmor, " + without.String(),
		})
	}
	return []boot{plain, armor, product}
}

// run is a command in a container of its own under a policy.
func run(l list, command ...string) []string {
	return append([]string{"kubearmor-agent", "run", "-f", fmt.Sprintf("%s%s.yaml", policyDir, l.id()), "--"}, command...)
}
