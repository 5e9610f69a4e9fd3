package kernel

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

const modulesDep = `kernel/drivers/virtio/virtio_ring.ko:
kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/block/virtio-blk.ko: kernel/drivers/virtio/virtio.ko
`

func TestModulesLoadAfterWhatTheyNeed(t *testing.T) {
	tests := []struct {
		name    string
		builtin string
		wanted  []string
		want    []string
	}{
		{
			"dependencies come first, each once", "", []string{"virtio_pci", "virtio_blk"},
			[]string{"kernel/drivers/virtio/virtio_ring.ko", "kernel/drivers/virtio/virtio.ko", "kernel/drivers/virtio/virtio_pci.ko", "kernel/drivers/block/virtio-blk.ko"},
		},
		{"what is built in needs no file", "kernel/fs/ext4/ext4.ko\n", []string{"ext4"}, nil},
		{"a module that some kernels lack may be absent", "", []string{"crc32c_generic"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := loadOrder(parseDependencies(modulesDep), tt.builtin, tt.wanted)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("order (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAMissingModuleIsAnError(t *testing.T) {
	if _, err := loadOrder(parseDependencies(modulesDep), "", []string{"ext4"}); err == nil {
		t.Error("no error for a module that is nowhere")
	}
}
