using System.Reflection;
using System.Text.RegularExpressions;
using Httpmq.Api.Errors;
using Httpmq.Domain.Access;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Errors;
using Httpmq.Domain.Messages;
using Httpmq.Domain.Naming;
using Httpmq.Domain.Streams;

namespace Httpmq.Tests.Contract;

/// <summary>Every error that a factory can make has words, and a member for each name in them.</summary>
internal sealed partial class ErrorTextTests
{
    private static readonly Operation Reading = new(OperationKind.ReadStream, "orders", "billing", "orders.new", 7);

    private static readonly Error Refusal = new(
        JetStreamErrorTypes.StreamExistsType, Reading, ("err_code", 10058), ("description", "stream name already in use"));

    private static readonly Type[] Factories = [.. new[] { typeof(Error).Assembly, typeof(ErrorTexts).Assembly }
        .SelectMany(static assembly => assembly.GetTypes())
        .Where(static type => type is { IsAbstract: true, IsSealed: true } && type.Name.EndsWith("Errors", StringComparison.Ordinal))];

    [Test]
    public void Types_All_HaveWords() => Assert.That(ErrorTexts.All.Keys, Is.EquivalentTo(ErrorTypeTests.Catalogue));

    [Test]
    public void Operations_All_HaveWordsOfTheirOwn() =>
        Assert.That(Enum.GetValues<OperationKind>().Select(OperationTexts.Of), Is.Unique.And.All.Not.Empty);

    [TestCaseSource(nameof(Made))]
    public void Words_OfAnErrorAsItIsMade_HaveAValueForEachName(Error error)
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(error.Message(), Is.Not.Empty.And.Not.Contain("{").And.Not.Contain("  "));
            Assert.That(error.Detail(), Is.Not.Empty.And.Not.Contain("  ").And.Not.Contain("''").And.Not.Contain("()"));
            Assert.That(NamesOf(error).Where(name => error[name] is null), Is.Empty);
        }
    }

    [Test]
    public void Words_OfWhatOnlyJetStreamSays_AreItsOwnWithTheCode()
    {
        foreach (var type in typeof(JetStreamErrorTypes).GetFields().Select(static field => field.GetValue(null)).OfType<ErrorType>())
        {
            Assert.That((Refusal with { Type = type }).Detail(), Does.Contain("stream name already in use (err_code 10058)"));
        }
    }

    [Test]
    public void Detail_ValueWithBraces_StaysAsItIs() =>
        Assert.That(RequestErrors.Subject("subject", "{field}", "is {odd}").Detail(), Is.EqualTo("subject: '{field}' is {odd}"));

    [Test]
    public void Detail_LongValueOrList_IsCut()
    {
        var long1 = RequestErrors.Subject("subject", new string('x', 101), "is long").Detail();
        var many = SubscriptionErrors.NotFiltered("c", "s", [.. Enumerable.Range(0, 12).Select(static number => $"f{number}")]).Detail();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(long1, Is.EqualTo($"subject: '{new string('x', 100)}…' (101 characters) is long"));
            Assert.That(many, Does.EndWith("'f8', 'f9' and 2 more"));
        }
    }

    [Test]
    public void Detail_ProblemAndWarnings_FollowInThisOrder() => Assert.That(
        PublishErrors.NoStream(Reading).With("warnings", new[] { "a", "b" }).With("problem", "the disk is full").Detail(),
        Does.EndWith("; the disk is full; a; b"));

    [Test]
    public void ToString_ForALog_NamesTypeOperationAndMembers() => Assert.That(
        Refusal.ToString(),
        Is.EqualTo("stream-exists (ReadStream orders billing orders.new 7, err_code: 10058, description: stream name already in use)"));

    /// <summary>The members that its words name as they are; what is quoted may be null.</summary>
    private static IEnumerable<string> NamesOf(Error error)
    {
        var texts = ErrorTexts.All[error.Type];
        var message = error.Operation is { } operation ? OperationTexts.Of(operation.Kind) : texts.Message;
        return Name().Matches(message + texts.Detail(error)).Select(static match => match.Groups["name"].Value)
            .SelectMany(static name => name switch { "outcome" => [], "refusal" => ["description", "err_code"], _ => new[] { name } });
    }

    [GeneratedRegex(@"\{(?<name>[a-z_0-9]+)(:s)?\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Name();

    private static IEnumerable<Error> Made() => Factories
        .SelectMany(static type => type.GetFields(BindingFlags.Static | BindingFlags.Public)
            .Where(static field => field.FieldType == typeof(Error))
            .Select(static field => (Error)field.GetValue(null)!)
            .Concat(type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.DeclaredOnly)
                .Where(static method => method.ReturnType == typeof(Error))
                .SelectMany(static method => new[] { false, true }.Select(flag =>
                    (Error)method.Invoke(null, [.. method.GetParameters().Select(parameter => Sample(parameter, flag))])!))));

    private static object? Sample(ParameterInfo parameter, bool flag) => parameter.ParameterType.Name.TrimEnd('&') switch
    {
        nameof(Operation) => Reading,
        nameof(Error) => Refusal,
        nameof(Caller) => Caller.Anonymous,
        nameof(Subject) => default(Subject),
        nameof(StreamName) => StreamName.OfExisting("orders"),
        nameof(ConsumerName) => ConsumerName.OfExisting("billing"),
        nameof(DeliverySequence) => flag ? new DeliverySequence(9, 9) : new DeliverySequence(1, 1),
        nameof(Effect) => flag ? Effect.Unknown : Effect.None,
        nameof(TimeSpan) => TimeSpan.FromSeconds(2.5),
        nameof(Boolean) => flag,
        nameof(Char) => '\u0001',
        nameof(String) => parameter.Name,
        nameof(Int32) => 400,
        nameof(Int64) => 5L,
        nameof(UInt64) => 5UL,
        "Nullable`1" => flag ? Convert.ChangeType(5, Nullable.GetUnderlyingType(parameter.ParameterType)!, null) : null,
        "Object" => 5L,
        "IReadOnlyList`1" when parameter.ParameterType.GenericTypeArguments[0] == typeof(InvalidValue) =>
            new[] { new InvalidValue("name", "a.b", "name: 'a.b' is not a name") },
        "IReadOnlyList`1" => new[] { "one", "two" },
        nameof(ConsumerInfo) => Application.Samples.Info(),
        var other => throw new InvalidOperationException($"No sample of {other} for {parameter}."),
    };
}
