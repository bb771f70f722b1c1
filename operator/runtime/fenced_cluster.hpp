// A Cluster whose writes pass only while this process leads. Asked before each write, by the local clock: a process that was stopped and
// wakes up after its lease has run out writes nothing. With a writer whose requests time out before another can lead (lease duration less
// renew deadline), nothing of an old leader arrives in a new one's time. Any thread.
#pragma once

#include "operator/kube/cluster.hpp"

#include <functional>

namespace cenote::runtime {

class FencedCluster final : public kube::Cluster {
public:
    /// Reads go to `reader`, writes to `writer`; both may be the same.
    FencedCluster(kube::Cluster& reader, kube::Cluster& writer, std::function<bool()> may_write)
        : reader_(reader), writer_(writer), may_write_(std::move(may_write)) {}

    kube::ApiResult<kube::Json> get(const kube::ResourceType& type, const kube::ObjectName& name) override {
        return reader_.get(type, name);
    }
    kube::ApiResult<kube::ListResult> list(const kube::ResourceType& type, const kube::ListOptions& options) override {
        return reader_.list(type, options);
    }
    kube::ApiResult<void> watch(
        const kube::ResourceType& type, const kube::WatchOptions& options, const std::function<void(kube::WatchEvent)>& on_event,
        std::stop_token stop
    ) override {
        return reader_.watch(type, options, on_event, std::move(stop));
    }
    kube::ApiResult<kube::Json> create(const kube::ResourceType& type, const kube::ObjectName& name, kube::Json object) override {
        return may_write_() ? writer_.create(type, name, std::move(object)) : refused();
    }
    kube::ApiResult<kube::Json> apply(const kube::ResourceType& type, const kube::ObjectName& name, kube::Json object) override {
        return may_write_() ? writer_.apply(type, name, std::move(object)) : refused();
    }
    kube::ApiResult<kube::Json> apply_status(const kube::ResourceType& type, const kube::ObjectName& name, kube::Json status) override {
        return may_write_() ? writer_.apply_status(type, name, std::move(status)) : refused();
    }
    kube::ApiResult<kube::Json> merge_patch(const kube::ResourceType& type, const kube::ObjectName& name, kube::Json patch) override {
        return may_write_() ? writer_.merge_patch(type, name, std::move(patch)) : refused();
    }
    kube::ApiResult<void> remove(const kube::ResourceType& type, const kube::ObjectName& name, kube::Propagation propagation) override {
        return may_write_() ? writer_.remove(type, name, propagation) : kube::ApiResult<void>(refused());
    }
    kube::ApiResult<void> emit(const kube::EventRecord& event) override {
        return may_write_() ? writer_.emit(event) : kube::ApiResult<void>(refused());
    }

private:
    static kube::ApiError refused() {
        return kube::make_api_error(kube::ApiError::Kind::kUnavailable, "this operator does not lead any more, and writes nothing");
    }

    kube::Cluster& reader_;
    kube::Cluster& writer_;
    std::function<bool()> may_write_;
};

}  // namespace cenote::runtime
