using Httpmq.Application.Streams;
using Httpmq.Domain.Access;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;

namespace Httpmq.Tests.Application;

/// <summary>What an admin of some streams may not reach by defining one of them.</summary>
internal sealed class DefinitionRightsTests
{
    private static readonly StreamName Own = StreamName.OfExisting("own");

    private static readonly Caller Some = CallerOf(
        new AccessRule(Right.Admin, Allows: true, "own*", ""),
        new AccessRule(Right.Publish, Allows: true, "own.>", ""),
        new AccessRule(Right.Read, Allows: true, "own.>", ""));

    private static IEnumerable<TestCaseData> Definitions()
    {
        yield return Case("subjects of its own", new StreamConfig { Subjects = ["any.>"] }, null);
        yield return Case("advisories", new StreamConfig { Subjects = ["own.a", "*.EVENT.>"] }, "subjects");
        yield return Case("deliveries", new StreamConfig { Subjects = ["*.0123456789abcdef0123456789abcdef.d"] }, "subjects");
        yield return Case("any one token", new StreamConfig { Subjects = ["*"] }, null);
        yield return Case(
            "source that it may read", new StreamConfig { Sources = [new StreamSource { Name = "own2", FilterSubject = "own.a" }] }, null);
        yield return Case("all of a source", new StreamConfig { Sources = [new StreamSource { Name = "own2" }] }, "sources");
        yield return Case("source that it may not read", new StreamConfig
        {
            Sources = [new StreamSource { Name = "own2", FilterSubject = "b" }],
        }, "sources");
        yield return Case("all of a mirror", new StreamConfig { Mirror = new StreamSource { Name = "own2" } }, "mirror");
        yield return Case("source rewritten that it may not read", new StreamConfig
        {
            Sources = [new StreamSource { Name = "own2", SubjectTransforms = [new SubjectTransform { Src = "b", Dest = "own.b" }] }],
        }, "sources");
        yield return Case("republished that it may not read", Republish("own.x", "b"), "republish");
        yield return Case("republished, all", Republish("own.x", null), "republish");
        yield return Case("other source", new StreamConfig { Sources = [new() { Name = "own2" }, new() { Name = "other" }] }, "sources");
        yield return Case("source without a name", new StreamConfig { Sources = [new StreamSource()] }, "sources");
        yield return Case("other mirror", new StreamConfig { Mirror = new StreamSource { Name = "other" } }, "mirror");
        yield return Case("mirror of another account", new StreamConfig
        {
            Mirror = new StreamSource { Name = "own2", External = new ExternalStream { Api = "$JS.other.API" } },
        }, "mirror");
        yield return Case("mirror by a consumer", new StreamConfig
        {
            Mirror = new StreamSource { Name = "own2", Consumer = new StreamSourceConsumer { DeliverSubject = "x" } },
        }, "mirror");
        yield return Case("source rewritten", new StreamConfig
        {
            Sources = [new StreamSource { Name = "own2", SubjectTransforms = [new SubjectTransform { Dest = "other.{{wildcard(1)}}" }] }],
        }, "sources");
        yield return Case("republished to its own", Republish("own.{{wildcard(1)}}.x.$2"), null);
        yield return Case("republished to others", Republish("other.{{wildcard(1)}}"), "republish");
        yield return Case("republished to what a function says", Republish("{{wildcard(1)}}.x"), "republish");
        yield return Case("republished below its own", Republish("own.{{split(1,-)}}"), null);
        yield return Case("republished anywhere", Republish(">"), "republish");
        yield return Case(
            "rewritten", new StreamConfig { SubjectTransform = new SubjectTransform { Dest = "other.x" } }, "subject_transform");
    }

    [TestCaseSource(nameof(Definitions))]
    public void Check_AdminOfSomeStreams_MayTouchThoseAlone(StreamConfig config, string? field)
    {
        var all = CallerOf(new AccessRule(Right.Admin, Allows: true, "*", ""));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(DefinitionRights.Check(Some, Own, config)?["field"], Is.EqualTo(field));
            Assert.That(DefinitionRights.Check(all, Own, config), Is.Null);
            Assert.That(DefinitionRights.Check(Some, StreamName.OfExisting("other"), config)?["action"], Is.EqualTo("manage"));
        }
    }

    private static StreamConfig Republish(string destination, string? source = "own.>") =>
        new() { Republish = new StreamRepublish { Src = source, Dest = destination } };

    private static Caller CallerOf(params AccessRule[] rules) => new("some", new PermissionSet("some", rules));

    private static TestCaseData Case(string name, StreamConfig config, string? field) =>
        new TestCaseData(config, field).SetArgDisplayNames(name);
}
