// "testgpu": two devices in this machine's own memory, as torch sees GPUs (its PrivateUse1 backend).
//
// What a device needs of its own is here: memory, the current device, random numbers, copies, and
// shapes that share memory. Every other operation is computed by torch's kernels for the CPU, on
// copies. As on CUDA, tensors of two devices in one operation are an error, memory is limited, and
// whoever is forked from a process that has asked for a device can use none.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/EmptyTensor.h>
#include <ATen/TensorOperators.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/bernoulli.h>
#include <ATen/ops/convolution.h>
#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <pthread.h>
#include <torch/library.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <fstream>

namespace {

using at::Tensor;
using c10::Device, c10::DeviceIndex, c10::Stream;

constexpr DeviceIndex COUNT = 2;
constexpr auto TYPE = c10::DeviceType::PrivateUse1;
const c10::DispatchKeySet KEYS(c10::DispatchKey::PrivateUse1);

thread_local DeviceIndex current = 0;

// -- Forks ----------------------------------------------------------------------------------------

std::atomic<bool> asked{false}, bad_fork{false};

void ask() {
  if (!asked.exchange(true))
    pthread_atfork(nullptr, nullptr, [] { bad_fork = true; });
}

// -- Memory ---------------------------------------------------------------------------------------

size_t limit() { // bytes of each device
  const char* given = std::getenv("TESTGPU_MEMORY");
  return given ? std::strtoull(given, nullptr, 10) : size_t{4} << 30;
}

int64_t others(DeviceIndex device) { // bytes that other programs hold there, as a file says
  const char* given = std::getenv("TESTGPU_OTHERS");
  std::ifstream file(given ? given : "");
  int64_t bytes = 0;
  for (DeviceIndex number = 0; number <= device; ++number)
    if (!(file >> bytes))
      return 0;
  return bytes;
}

struct Held { // by tensors, in bytes; libraries take some besides, with the first convolution
  std::atomic<int64_t> now{0}, peak{0}, besides{0};
};
constexpr int64_t LIBRARIES = 16 << 20;
std::array<Held, COUNT> held;

struct Block { // what is known of a piece of memory when it is given back
  void* data;
  size_t bytes;
  DeviceIndex device;
};

void give_back(void* context) {
  auto* block = static_cast<Block*>(context);
  held[block->device].now -= static_cast<int64_t>(block->bytes);
  std::free(block->data);
  delete block;
}

struct Allocator final : c10::DeviceAllocator {
  c10::DataPtr allocate(size_t bytes) override {
    ask();
    TORCH_CHECK(!bad_fork, "Cannot re-initialize testgpu in forked subprocess.");
    const Device device(TYPE, current);
    if (!bytes)
      return {nullptr, device};
    auto& mine = held[current];
    const int64_t after = mine.now += static_cast<int64_t>(bytes);
    if (static_cast<size_t>(after + mine.besides + others(current)) > limit()) {
      mine.now -= static_cast<int64_t>(bytes);
      TORCH_CHECK_WITH(OutOfMemoryError, false, "testgpu out of memory. Tried to allocate ", bytes,
                       " bytes on device ", int{current}, ".");
    }
    if (after > mine.peak)
      mine.peak = after;
    auto* block = new Block{std::malloc(bytes), bytes, current};
    return {block->data, block, &give_back, device};
  }
  void copy_data(void* to, const void* from, size_t bytes) const override {
    std::memcpy(to, from, bytes);
  }
  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {}
  void recordStream(const c10::DataPtr&, Stream) override {}
  c10::CachingDeviceAllocator::DeviceStats getDeviceStats(DeviceIndex device) override {
    c10::CachingDeviceAllocator::DeviceStats stats;
    for (auto* figure : {&stats.allocated_bytes[0], &stats.reserved_bytes[0]}) {
      figure->current = held[device].now;
      figure->peak = held[device].peak;
    }
    return stats;
  }
  void resetAccumulatedStats(DeviceIndex) override {}
  void resetPeakStats(DeviceIndex device) override { held[device].peak = held[device].now.load(); }
  std::pair<size_t, size_t> getMemoryInfo(DeviceIndex device) override {
    const auto taken = static_cast<size_t>(held[device].now + held[device].besides + others(device));
    return {limit() - std::min(taken, limit()), limit()};
  }
};
Allocator allocator;
REGISTER_ALLOCATOR(TYPE, &allocator);

// -- The current device ---------------------------------------------------------------------------

struct Guard final : c10::impl::DeviceGuardImplInterface {
  c10::DeviceType type() const override { return TYPE; }
  Device getDevice() const override { return {TYPE, current}; }
  void uncheckedSetDevice(Device device) const noexcept override { current = device.index(); }
  void setDevice(Device device) const override {
    TORCH_CHECK(device.index() >= 0 && device.index() < COUNT, "testgpu: no device ", device);
    current = device.index();
  }
  Device exchangeDevice(Device device) const override {
    const Device before = getDevice();
    setDevice(device);
    return before;
  }
  DeviceIndex deviceCount() const noexcept override {
    ask();
    return bad_fork ? 0 : COUNT;
  }
  // There is one stream, and all work is done when a call returns.
  Stream getStream(Device device) const override { return Stream(Stream::DEFAULT, device); }
  Stream getDefaultStream(Device device) const override { return getStream(device); }
  Stream getNewStream(Device device, int) const override { return getStream(device); }
  Stream exchangeStream(Stream stream) const override { return stream; }
  bool queryStream(const Stream&) const override { return true; }
  void synchronizeStream(const Stream&) const override {}
  void synchronizeDevice(DeviceIndex) const override {}
  void record(void**, const Stream&, DeviceIndex, c10::EventFlag) const override {}
  void block(void*, const Stream&) const override {}
  bool queryEvent(void*) const override { return true; }
};
C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

// -- Random numbers -------------------------------------------------------------------------------

struct Generator final : at::CPUGeneratorImpl {
  explicit Generator(DeviceIndex index) : CPUGeneratorImpl(c10::default_rng_seed_val) {
    device_ = Device(TYPE, index);
    key_set_ = KEYS;
  }
};

const at::Generator& generator(DeviceIndex index) {
  static const std::array<at::Generator, COUNT> all{
      at::make_generator<Generator>(DeviceIndex{0}), at::make_generator<Generator>(DeviceIndex{1})};
  return all.at(index < 0 ? current : index);
}

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return deviceCount() > 0; }
  bool hasPrimaryContext(DeviceIndex) const override { return true; }
  void init() const override {}
  Device getDeviceFromPtr(void*) const override { return {TYPE, current}; }
  DeviceIndex deviceCount() const override { return Guard{}.deviceCount(); }
  DeviceIndex getCurrentDevice() const override { return current; }
  const at::Generator& getDefaultGenerator(DeviceIndex index) const override {
    return generator(index);
  }
};

// -- Tensors and copies ---------------------------------------------------------------------------

Tensor empty(c10::IntArrayRef size, std::optional<at::ScalarType> dtype,
             std::optional<at::Layout>, std::optional<Device> device, std::optional<bool>,
             std::optional<at::MemoryFormat> format) {
  const c10::OptionalDeviceGuard guard(device);
  return at::detail::empty_generic(size, &allocator, KEYS, c10::dtype_or_default(dtype), format);
}

Tensor empty_strided(c10::IntArrayRef size, c10::IntArrayRef stride,
                     std::optional<at::ScalarType> dtype, std::optional<at::Layout>,
                     std::optional<Device> device, std::optional<bool>) {
  const c10::OptionalDeviceGuard guard(device);
  return at::detail::empty_strided_generic(size, stride, &allocator, KEYS,
                                           c10::dtype_or_default(dtype));
}

// The same memory, as the CPU's kernels take it.
Tensor host(const Tensor& tensor) {
  if (!tensor.defined() || tensor.is_cpu())
    return tensor;
  return at::from_blob(tensor.data_ptr(), tensor.sizes(), tensor.strides(),
                       tensor.options().device(at::kCPU).requires_grad(false));
}

Tensor to_device(const Tensor& tensor, Device device) {
  if (!tensor.defined())
    return tensor;
  auto moved = at::empty_strided(tensor.sizes(), tensor.strides(), tensor.options().device(device));
  host(moved).copy_(tensor);
  return moved;
}

Tensor copy_from(const Tensor& self, const Tensor& to, bool) {
  if (self.numel())
    host(to).copy_(host(self));
  return to;
}

Tensor copy_from_and_resize(const Tensor& self, const Tensor& to) {
  to.resize_(self.sizes());
  return copy_from(self, to, false);
}

const Tensor& resize(const Tensor& self, c10::IntArrayRef size,
                     std::optional<at::MemoryFormat> format) {
  auto* impl = self.unsafeGetTensorImpl();
  impl->set_sizes_contiguous(size);
  if (format)
    impl->empty_tensor_restride(*format);
  const size_t bytes = (impl->storage_offset() + impl->numel()) * self.itemsize();
  auto* storage = impl->unsafe_storage().unsafeGetStorageImpl();
  if (storage->nbytes() < bytes) {
    const c10::DeviceGuard guard(self.device());
    auto larger = allocator.allocate(bytes);
    if (storage->nbytes())
      std::memcpy(larger.get(), storage->data(), storage->nbytes());
    storage->set_data_ptr_noswap(std::move(larger));
    storage->set_nbytes(bytes);
  }
  return self;
}

at::Scalar number(const Tensor& self) { return host(self).item(); }

// -- Every other operation ------------------------------------------------------------------------

template <typename Look>
void each_tensor(const c10::IValue& value, Look look) {
  if (value.isTensor())
    look(value.toTensor());
  else if (value.isTensorList())
    for (const Tensor& tensor : value.toTensorVector())
      look(tensor);
  else if (value.isOptionalTensorList())
    for (const std::optional<Tensor>& tensor : value.toOptionalTensorVector())
      if (tensor)
        look(*tensor);
}

// The one device of all arguments; numbers on the CPU go with any, and so do indices, as on CUDA.
Device only_device(const c10::OperatorHandle& op, const torch::jit::Stack& stack) {
  std::optional<Device> found;
  const bool indexing = op.schema().name() == "aten::index";
  const size_t count = indexing ? 1 : op.schema().arguments().size();
  const size_t first = stack.size() - op.schema().arguments().size();
  for (size_t place = first; place < first + count; ++place)
    each_tensor(stack[place], [&](const Tensor& tensor) {
      if (!tensor.defined() || (tensor.is_cpu() && !tensor.dim()))
        return;
      TORCH_CHECK(!found || *found == tensor.device(), "Expected all tensors to be on the same "
                  "device, but found at least two devices, ", *found, " and ", tensor.device(),
                  ", in ", op.schema().name());
      found = tensor.device();
    });
  return found.value_or(Device(TYPE, current));
}

std::optional<size_t> place_of_generator(const c10::OperatorHandle& op, size_t height) {
  const auto& arguments = op.schema().arguments();
  for (size_t number = 0; number < arguments.size(); ++number)
    if (arguments[number].name() == "generator")
      return height - arguments.size() + number;
  return std::nullopt;
}

// Who draws random numbers draws them from the device's own generator, through one of the CPU's.
void on_cpu(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const Device device = only_device(op, *stack);
  const c10::DeviceGuard guard(device);
  const auto place = place_of_generator(op, stack->size());
  if (!place)
    return at::native::cpu_fallback(op, stack);
  auto& argument = (*stack)[*place];
  auto own = argument.isNone() ? generator(device.index()) : argument.toGenerator();
  auto drawing = at::make_generator<at::CPUGeneratorImpl>();
  drawing.set_state(own.get_state());
  argument = drawing;
  at::native::cpu_fallback(op, stack);
  own.set_state(drawing.get_state());
}

std::tuple<Tensor, Tensor> dropout(const Tensor& input, double p, std::optional<bool> train) {
  if (!train.value_or(true))
    return {input.clone(), at::ones_like(input, input.options().dtype(at::kBool))};
  const Tensor kept = at::empty_like(input, input.options().dtype(at::kBool)).bernoulli_(1 - p);
  return {input * kept * (p < 1 ? 1 / (1 - p) : 0), kept};
}

Tensor convolution(const Tensor& input, const Tensor& weight, const std::optional<Tensor>& bias,
                   c10::IntArrayRef stride, c10::IntArrayRef padding, c10::IntArrayRef dilation,
                   bool transposed, c10::IntArrayRef output_padding, int64_t groups) {
  TORCH_CHECK(input.device() == weight.device(), "Expected all tensors to be on the same device, "
              "but found at least two devices, ", input.device(), " and ", weight.device());
  held[input.device().index()].besides = LIBRARIES;
  return to_device(at::convolution(host(input), host(weight), host(bias.value_or(Tensor())), stride,
                                   padding, dilation, transposed, output_padding, groups),
                   input.device());
}

std::tuple<Tensor, Tensor, Tensor> convolution_backward(
    const Tensor& gradient, const Tensor& input, const Tensor& weight, c10::IntArrayRef stride,
    c10::IntArrayRef padding, c10::IntArrayRef dilation, bool transposed,
    c10::IntArrayRef output_padding, int64_t groups, std::array<bool, 3> wanted) {
  const std::array<int64_t, 1> biases{gradient.size(1)};
  const auto [of_input, of_weight, of_bias] = at::convolution_backward(
      host(gradient), host(input), host(weight), c10::OptionalIntArrayRef(biases), stride, padding,
      dilation, transposed, output_padding, groups, wanted);
  const Device device = input.device();
  return {to_device(of_input, device), to_device(of_weight, device), to_device(of_bias, device)};
}

Hooks hooks;
const bool registered = [] {
  at::RegisterPrivateUse1HooksInterface(&hooks);
  return true;
}();

} // namespace

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", &empty);
  m.impl("empty_strided", &empty_strided);
  m.impl("_copy_from", &copy_from);
  m.impl("_copy_from_and_resize", &copy_from_and_resize);
  m.impl("_local_scalar_dense", &number);
  m.impl("resize_", &resize);
  m.impl("as_strided", [](const Tensor& self, c10::IntArrayRef size, c10::IntArrayRef stride,
                          std::optional<int64_t> offset) {
    return at::native::as_strided_tensorimpl(self, size, stride, offset);
  });
  m.impl("view", [](const Tensor& self, c10::SymIntArrayRef size) {
    return at::native::view(self, C10_AS_INTARRAYREF_SLOW(size));
  });
  m.impl("unfold", [](const Tensor& self, int64_t dimension, int64_t size, int64_t step) {
    return at::native::unfold(self, dimension, size, step);
  });
  m.impl("native_dropout", &dropout);
  m.impl("convolution_overrideable", &convolution);
  m.impl("convolution_backward_overrideable", &convolution_backward);
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) {
  m.fallback(torch::CppFunction::makeFromBoxedFunction<&on_cpu>());
}

TORCH_LIBRARY_IMPL(_, AutocastPrivateUse1, m) {
  m.fallback(torch::CppFunction::makeFallthrough());
}

// What testgpu.py asks for: torch.ops.testgpu.…
TORCH_LIBRARY(testgpu, m) {
  m.def("device_count", [] { return int64_t{Guard{}.deviceCount()}; });
  m.def("bad_fork", [] { return bad_fork.load(); });
  m.def("memory", [] { return static_cast<int64_t>(limit()); });
  m.def("seed", [](int64_t device, int64_t seed) {
    auto own = generator(static_cast<DeviceIndex>(device));
    own.set_current_seed(static_cast<uint64_t>(seed));
  });
  m.def("random_state", [](int64_t device) {
    return generator(static_cast<DeviceIndex>(device)).get_state();
  });
  m.def("set_random_state", [](int64_t device, const Tensor& state) {
    auto own = generator(static_cast<DeviceIndex>(device));
    own.set_state(state);
  });
}
