using System.Globalization;
using System.Reflection;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Features;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Streams;

namespace Httpmq.Tests.Domain;

/// <summary>Each field of a configuration is compared, whatever its type; what a change does not name is not.</summary>
internal sealed class NamedFieldsTests
{
    private static IEnumerable<TestCaseData> Fields() =>
        from type in new[] { typeof(StreamConfig), typeof(ConsumerConfig) }
        from field in type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
        where field.PropertyType != typeof(bool?)
        select new TestCaseData(type, field.Name) { TypeArgs = [type] };

    [TestCaseSource(nameof(Fields))]
    public void AreNews_AField_IsComparedWhereItIsNamed<T>(Type type, string field)
        where T : class, new()
    {
        var property = type.GetProperty(field)!;
        using (Assert.EnterMultipleScope())
        {
            Assert.That(NamedFields.AreNews(With(1), With(1)), Is.False, "the same");
            Assert.That(NamedFields.AreNews(With(1), With(2)), Is.True, "another");
            Assert.That(NamedFields.AreNews(new T(), With(1)), Is.True, "one where there was none");
            Assert.That(NamedFields.AreNews(With(1), new T()), Is.False, "none");
        }

        T With(int number)
        {
            var config = new T();
            property.SetValue(config, Sample(property.PropertyType, number));
            return config;
        }
    }

    [Test]
    public void AreNews_AnEmptyListWhereThereIsNone_IsNone() =>
        Assert.That(NamedFields.AreNews(new StreamConfig(), new StreamConfig { Subjects = [] }), Is.False);

    [Test]
    public void AreNews_ADurationWithAUnit_IsItsLength() => Assert.That(
        NamedFields.AreNews(new ConsumerConfig { AckWait = new GivenDuration(5, HasUnit: true) }, new ConsumerConfig { AckWait = 5 }),
        Is.False);

    [Test]
    public void Changeable_Consumer_IsAllButItsNameFilterAndWhereItDelivers()
    {
        var all = new ConsumerConfig();
        foreach (var property in typeof(ConsumerConfig).GetProperties(BindingFlags.Instance | BindingFlags.Public))
        {
            property.SetValue(all, Sample(property.PropertyType, 1));
        }

        var change = all.Changeable();

        Assert.That(
            typeof(ConsumerConfig).GetProperties(BindingFlags.Instance | BindingFlags.Public)
                .Where(property => property.GetValue(change) is null)
                .Select(static property => property.Name),
            Is.EquivalentTo(new[] { "DurableName", "FilterSubject", "FilterSubjects", "DeliverSubject", "DeliverGroup" }));
    }

    private static object Sample(Type type, int number)
    {
        var value = Nullable.GetUnderlyingType(type) ?? type;
        return value switch
        {
            _ when value == typeof(string) => $"text {number}",
            _ when value == typeof(IReadOnlyList<string>) => new List<string> { "first", $"text {number}" },
            _ when value == typeof(IReadOnlyDictionary<string, string>) =>
                new Dictionary<string, string>(StringComparer.Ordinal) { ["name"] = $"text {number}" },
            _ when value == typeof(GivenDuration) => new GivenDuration(number),
            _ when value == typeof(IReadOnlyList<GivenDuration>) => new List<GivenDuration> { number, 7 },
            _ when value == typeof(DateTimeOffset) => DateTimeOffset.UnixEpoch.AddSeconds(number),
            _ when value == typeof(IReadOnlyList<StreamSource>) =>
                new List<StreamSource> { new() { Name = "a" }, Part<StreamSource>(number) },
            _ when value == typeof(IReadOnlyList<SubjectTransform>) => new List<SubjectTransform> { Part<SubjectTransform>(number) },
            _ when value.IsClass => Part(value, number),
            _ => Convert.ChangeType(number, value, CultureInfo.InvariantCulture),
        };
    }

    private static T Part<T>(int number) => (T)Part(typeof(T), number);

    private static object Part(Type type, int number)
    {
        var part = Activator.CreateInstance(type)!;
        foreach (var field in type.GetProperties(BindingFlags.Instance | BindingFlags.Public))
        {
            field.SetValue(part, Sample(field.PropertyType, number));
        }

        return part;
    }

    [TestCase(null, true)]
    [TestCase(false, true)]
    [TestCase(true, false)]
    public void AreSame_AFlagThatIsOff_IsOneThatIsAbsent(bool? current, bool same) =>
        Assert.That(NamedFields.AreSame(current, wanted: false), Is.EqualTo(same));

    [Test]
    public void Of_AConfiguration_NamesWhatIsNotNullWithItsPathAndFeatures()
    {
        var config = new StreamConfig
        {
            Name = "s",
            AllowMsgTtl = false,
            Sources = [new StreamSource { Name = "a", Consumer = new StreamSourceConsumer() }, null!],
        };

        var named = NamedFields.Of(config).Select(static field => $"{field.Name} {string.Join('+', field.Features)}".Trim());

        Assert.That(named, Is.EquivalentTo(new[]
        {
            "name", "allow_msg_ttl MessageTtl", "sources", "sources[0].name", "sources[0].consumer DurableSources", "sources[1]",
        }));
    }

    [Test]
    public void Of_AValueThatNeedsMore_HasThatFeatureToo() => Assert.That(
        NamedFields.Of(new ConsumerConfig { PriorityPolicy = "prioritized" }).Single().Features,
        Is.EqualTo(new[] { nameof(Feature.PrioritizedGroups), nameof(Feature.PriorityGroups) }));

    [Test]
    public void Features_OfAllFields_AreInTheTable() => Assert.That(
        new[] { typeof(StreamConfig), typeof(ConsumerConfig), typeof(StreamSource) }
            .SelectMany(static type => type.GetProperties())
            .SelectMany(static field => field.GetCustomAttributes<ValueFeatureAttribute>().Select(static needs => needs.Feature)
                .Append(field.GetCustomAttribute<FieldAttribute>()?.Feature))
            .OfType<string>().Select(Feature.Of),
        Has.All.Not.Null);

    [Test]
    public void Missing_APartWithoutWhatItNeeds_IsNamed() => Assert.That(
        NamedFields.Missing(new StreamConfig
        {
            Republish = new StreamRepublish(),
            Sources = [new StreamSource { Name = "a", External = new ExternalStream() }, new StreamSource { Name = string.Empty }],
        }),
        Is.EquivalentTo(new[] { "republish.dest", "sources[0].external.api", "sources[1].name" }));

    [Test]
    public void OnlySet_WhatAServerReports_IsWithoutDefaults()
    {
        var config = StreamConfig.DefaultsFor(0) with
        {
            Name = "s",
            MaxMsgs = 0,
            Retention = "workqueue",
            Sealed = false,
            ConsumerLimits = new(),
        };

        var set = NamedFields.OnlySet(config, StreamConfig.DefaultsFor(0));

        Assert.That(set, Is.EqualTo(new StreamConfig { Name = "s", MaxMsgs = 0, Retention = "workqueue" }));
    }
}
