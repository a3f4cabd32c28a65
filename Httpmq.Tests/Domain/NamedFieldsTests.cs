using System.Globalization;
using System.Reflection;
using Httpmq.Domain.Consumers;
using Httpmq.Domain.Limits;
using Httpmq.Domain.Streams;

namespace Httpmq.Tests.Domain;

/// <summary>Each field of a configuration is compared, whatever its type; what a change does not name is not.</summary>
internal sealed class NamedFieldsTests
{
    private static IEnumerable<TestCaseData> Fields() =>
        from type in new[] { typeof(StreamConfig), typeof(ConsumerConfig) }
        from field in type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
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
            _ => Convert.ChangeType(number, value, CultureInfo.InvariantCulture),
        };
    }
}
