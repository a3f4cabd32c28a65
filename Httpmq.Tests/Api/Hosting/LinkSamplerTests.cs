using System.Diagnostics;
using Httpmq.Api.Hosting;
using OpenTelemetry.Trace;

namespace Httpmq.Tests.Api.Hosting;

internal sealed class LinkSamplerTests
{
    [TestCase(0, null, ExpectedResult = SamplingDecision.Drop)]
    [TestCase(0, ActivityTraceFlags.None, ExpectedResult = SamplingDecision.Drop)]
    [TestCase(0, ActivityTraceFlags.Recorded, ExpectedResult = SamplingDecision.RecordAndSample)]
    [TestCase(1, null, ExpectedResult = SamplingDecision.RecordAndSample)]
    public SamplingDecision Trace_ThatBeginsHere_IsSampledByItsLinksOrByTheRatio(double ratio, ActivityTraceFlags? linked)
    {
        var links = linked is { } flags
            ? new[] { new ActivityLink(new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), flags)) }
            : null;

        return new LinkSampler(ratio).ShouldSample(
            new SamplingParameters(default, ActivityTraceId.CreateRandom(), "deliver", ActivityKind.Consumer, tags: null, links)).Decision;
    }
}
