using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Httpmq.Domain.Naming;
using Httpmq.Tests.Fuzz;

namespace Httpmq.Tests.Domain;

/// <summary>The rule for names, against a regular expression that says the same.</summary>
internal sealed partial class EntityNameProperties
{
    private static readonly Gen<string> Names =
        Gen.Frequency(
            (20, Gen.Elements("azAZ09-_".ToCharArray()).Select(character => character.ToString())),
            (1, Gen.Choose(0, 0xD7FF).Select(code => ((char)code).ToString())),
            (1, Gen.Elements(".", " ", "/", "é", "\0", "\n", "*", ">", "$")))
        .ArrayOf()
        .Select(string.Concat);

    [FuzzRun.Property(2000)]
    public Property IsValid_AnyText_SaysWhatTheExpressionSays() =>
        Prop.ForAll(Shrunk.Text(Names), text => EntityName.IsValid(text) == Expression().IsMatch(text));

    [FuzzRun.Property(1000)]
    public Property TryParse_AnyText_IsTheSameRuleForStreamsConsumersAndGroups() =>
        Prop.ForAll(Shrunk.Text(Names), text =>
        {
            var valid = EntityName.IsValid(text);
            return StreamName.TryParse(text, out var stream) == valid
                && ConsumerName.TryParse(text, out var consumer) == valid
                && DeliveryGroup.TryParse(text, out var group) == valid
                && (!valid || new[] { stream.Value, consumer.Value, group.Value }.All(
                    value => string.Equals(value, text, StringComparison.Ordinal)));
        });

    [TestCase(0, false)]
    [TestCase(1, true)]
    [TestCase(255, true)]
    [TestCase(256, false)]
    public void IsValid_Length_IsFrom1To255(int length, bool valid) =>
        Assert.That(EntityName.IsValid(new string('n', length)), Is.EqualTo(valid));

    [Test]
    public void TryParse_Null_IsFalse() => Assert.That(StreamName.TryParse(null, out _), Is.False);

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,255}\z", RegexOptions.None, 1000)]
    private static partial Regex Expression();
}
