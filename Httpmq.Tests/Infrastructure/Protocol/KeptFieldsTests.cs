using Httpmq.Api.Errors;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Streams;
using Httpmq.Infrastructure.Protocol;

namespace Httpmq.Tests.Infrastructure.Protocol;

/// <summary>What the server that keeps a stream lost of what was asked, and what JetStream only made something else.</summary>
internal sealed class KeptFieldsTests
{
    private static readonly Operation Creating = new(OperationKind.CreateStream, "s");

    private static IEnumerable<TestCaseData> Configurations()
    {
        var metadata = new StreamConfig { Metadata = new Dictionary<string, string>(StringComparer.Ordinal) { ["team"] = "a" } };
        yield return new TestCaseData(new StreamConfig { AllowMsgTtl = true }, new StreamConfig { AllowMsgTtl = true }, "2.15.1", null);
        yield return new TestCaseData(new StreamConfig { AllowMsgTtl = true }, new StreamConfig(), "2.15.1", "2.15.1");
        yield return new TestCaseData(new StreamConfig { AllowMsgTtl = true }, new StreamConfig(), null, "older");
        yield return new TestCaseData(new StreamConfig { AllowAtomic = true }, new StreamConfig { AllowAtomic = true }, "2.11.0", "2.11.0");
        yield return new TestCaseData(new StreamConfig { FirstSeq = 7 }, new StreamConfig { FirstSeq = 7 }, null, "older");
        yield return new TestCaseData(new StreamConfig { Compression = "s2" }, new StreamConfig(), null, "older");
        yield return new TestCaseData(new StreamConfig { Compression = "none" }, new StreamConfig(), null, null);
        yield return new TestCaseData(new StreamConfig { AllowBatched = false }, new StreamConfig(), "2.15.1", null);
        yield return new TestCaseData(metadata, metadata, null, null);
        yield return new TestCaseData(metadata, new StreamConfig(), null, "older");
        yield return new TestCaseData(Limits(7), Limits(8), "2.15.1", null);
        yield return new TestCaseData(Limits(7), new StreamConfig(), null, "older");
        yield return new TestCaseData(Source(new StreamSourceConsumer { Name = "c" }), Source(null), "2.15.1", "2.15.1");
        yield return new TestCaseData(new StreamConfig { MaxMsgs = 5 }, new StreamConfig { MaxMsgs = 6 }, null, null);
    }

    [TestCaseSource(nameof(Configurations))]
    public void FindLost_OfAnAnswer_IsTheFieldThatIsNotThere(StreamConfig asked, StreamConfig kept, string? version, string? peer)
    {
        var error = KeptFields.FindLost(Creating, FieldFeatures.Of(asked), version, asked, kept, StreamConfig.DefaultsFor(0));

        Assert.That(
            error?.Detail(),
            peer is null ? Is.Null : Does.EndWith($"the one of the cluster that it falls to is {peer}; nothing was changed"));
    }

    [Test]
    public void Detail_OfWhatCouldNotBeTakenBack_SaysWhyNot() => Assert.That(
        ConnectionErrors.PeerTooOld(Creating, "allow_atomic", "2.12", peer: null).With("left", ConnectionErrors.Silent(Creating)).Detail(),
        Does.StartWith("allow_atomic needs nats-server 2.12 or later, ")
            .And.Contains("could not be taken back: JetStream does not answer"));

    private static StreamConfig Limits(long pending) =>
        new() { ConsumerLimits = new StreamConsumerLimits { MaxAckPending = pending } };

    private static StreamConfig Source(StreamSourceConsumer? consumer) =>
        new() { Sources = [new StreamSource { Name = "o", Consumer = consumer }] };
}
